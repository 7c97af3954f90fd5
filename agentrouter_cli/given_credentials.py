"""Credentials of a file of backends: in the file itself, in a variable (`…_env`) or in a file of its own (`…_file`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from agentrouter.configurator.v1 import backends_pb2
from agentrouter_cli.errors import WrongUsage
from contract.faults import Fault

_KEYS: Final = ("api_key_env", "api_key_file", "api_key")
# By kind: what a file calls each text of a credential, and what the API does.
_KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "oauth": {name: name for name in ("token_url", "client_id", "client_secret", "audience", "scopes")},
    "aws": {name: name for name in ("access_key_id", "secret_access_key", "session_token", "region", "service")},
    "gcp": {"key": "key_file", "scopes": "scopes"},
}
_SCOPES: Final = "scopes"
_FROM: Final = ("_env", "_file")

CREDENTIALS: Final = (*_KEYS, *_KINDS)
"""The keys of a backend that give its credential; one of them, or none to keep the stored one."""


def credential_faults(path: str, entry: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with the credential of one backend, but for the values, which the control plane judges."""
    if len([key for key in CREDENTIALS if entry.get(key)]) > 1:
        yield Fault(path, "conflict", f"give one of {', '.join(CREDENTIALS)}")
    for kind, names in _KINDS.items():
        given = entry.get(kind)
        if isinstance(given, dict):
            yield from _field_faults(f"{path}.{kind}", given, names)
        elif given is not None:
            yield Fault(f"{path}.{kind}", "type", f"should have {', '.join(names)}")


def read_credential(
    entry: Mapping[str, Any], place: str, environment: Mapping[str, str]
) -> backends_pb2.BackendCredential | None:
    """None when none is given. `place` says in errors whose it is. Raises WrongUsage for what cannot be read."""
    read = _Reader(place, environment)
    if key := read.text("api_key", entry):
        return backends_pb2.BackendCredential(api_key=key)
    for kind, names in _KINDS.items():
        if given := entry.get(kind):
            fields = {names[name]: _scopes(given) if name == _SCOPES else read.text(name, given) for name in names}
            whole: dict[str, Any] = {kind: fields}
            return backends_pb2.BackendCredential(**whole)
    return None


def _field_faults(path: str, given: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Fault]:
    for name, value in given.items():
        if not _is_known(str(name), names):
            known = ", ".join(names)
            yield Fault(f"{path}.{name}", "unknown_field", f"known are {known}; texts also with _env or _file")
        elif not _is_text(value) and not (name == _SCOPES and isinstance(value, list) and all(map(_is_text, value))):
            yield Fault(f"{path}.{name}", "type", "should be a list of texts" if name == _SCOPES else "should be text")


def _is_known(name: str, names: Mapping[str, str]) -> bool:
    texts = names.keys() - {_SCOPES}
    return name in names or any(name.endswith(end) and name.removesuffix(end) in texts for end in _FROM)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _scopes(given: Mapping[str, Any]) -> list[str]:
    """A list, or one text with spaces between."""
    scopes = given.get(_SCOPES) or []
    return scopes.split() if isinstance(scopes, str) else list(scopes)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Finds texts that stand in the file itself, in the environment or in files of their own."""

    place: str
    environment: Mapping[str, str] = field(repr=False)

    def text(self, name: str, given: Mapping[str, Any]) -> str:
        """Empty when it is not given."""
        if variable := given.get(f"{name}_env"):
            value = self.environment.get(str(variable), "")
            if not value:
                raise WrongUsage(f"{self.place} wants its {name} from {variable}, which is not set")
            return value
        if named := given.get(f"{name}_file"):
            try:
                return Path(str(named)).read_text().strip()
            except (OSError, UnicodeDecodeError) as problem:
                why = problem.strerror if isinstance(problem, OSError) else "not text"
                raise WrongUsage(f"{self.place} wants its {name} from {named}, which cannot be read: {why}") from None
        return str(given.get(name) or "")
