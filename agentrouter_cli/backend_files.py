"""A file with a consumer's own backends, its keys taken from the environment or from files of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import contract
from agentrouter.configurator.v1 import backends_pb2
from agentrouter_cli.documents import read_input
from agentrouter_cli.errors import Refused, WrongUsage
from contract import ContractError, parse_text
from contract.faults import Fault

MODES: Final = ("EXCLUSIVE", "PREFERRED", "FALLBACK")
_KEYS: Final = ("api_key_env", "api_key_file", "api_key")
_DEFAULT_WEIGHT: Final = 1


@dataclass(frozen=True, slots=True)
class GivenSet:
    """What SaveBYOKBackends takes; it holds keys and is never shown."""

    backends: tuple[backends_pb2.Backend, ...] = field(repr=False)
    mode: str


def load_backends(file: str, environment: Mapping[str, str]) -> GivenSet:
    """Raises Refused with every fault, WrongUsage for what cannot be read."""
    try:
        raw = parse_text(read_input(file))
        written = raw.get("backends")
        entries = [dict(one) if isinstance(one, dict) else {} for one in written] if isinstance(written, list) else []
        faults = [*_set_faults(raw), *_settings_faults(entries)]
    except ContractError as problem:
        faults = list(problem.faults)
    if faults:
        raise Refused(f"{file} has {len(faults)} fault(s); nothing was stored", code="BACKENDS_INVALID", faults=faults)
    mode = f"BACKEND_MODE_{raw.get('mode') or 'UNSPECIFIED'}"
    backends = tuple(_backend(one, index, file, environment) for index, one in enumerate(entries))
    return GivenSet(backends, mode)


def _set_faults(raw: Mapping[str, Any]) -> list[Fault]:
    faults = [Fault(key, "unknown_field", "known are mode, backends") for key in raw if key not in ("mode", "backends")]
    if not isinstance(raw.get("backends"), list):
        faults.append(Fault("backends", "required", "should be a list, which may be empty"))
    if raw.get("backends") and raw.get("mode") not in MODES:
        faults.append(Fault("mode", "required", f"should be {', '.join(MODES)}"))
    return faults


def _settings_faults(entries: list[dict[str, Any]]) -> list[Fault]:
    faults = [
        Fault(f"backends[{index}]", "conflict", f"give one of {', '.join(_KEYS)}")
        for index, one in enumerate(entries)
        if len([key for key in _KEYS if one.get(key)]) > 1
    ]
    try:
        contract.parse_own_backends([_without_keys(one) for one in entries])
    except ContractError as problem:
        faults += problem.faults
    return faults


def _without_keys(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in _KEYS}


def _backend(entry: Mapping[str, Any], index: int, file: str, environment: Mapping[str, str]) -> backends_pb2.Backend:
    key = _key(entry, f"backends[{index}]", file, environment)
    credential = {"credential": backends_pb2.BackendCredential(api_key=key)} if key else {}
    settings = {name: value for name, value in _without_keys(entry).items() if value is not None}
    return backends_pb2.Backend(**{"weight": _DEFAULT_WEIGHT, **settings, **credential})


def _key(entry: Mapping[str, Any], path: str, file: str, environment: Mapping[str, str]) -> str:
    """Empty when none is given: the stored one is kept."""
    if variable := entry.get("api_key_env"):
        value = environment.get(str(variable), "")
        if not value:
            raise WrongUsage(f"{path} of {file} wants its key from {variable}, which is not set")
        return value
    if named := entry.get("api_key_file"):
        try:
            return Path(str(named)).read_text().strip()
        except (OSError, UnicodeDecodeError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "not text"
            raise WrongUsage(f"{path} of {file} wants its key from {named}, which cannot be read: {reason}") from None
    return str(entry.get("api_key") or "")
