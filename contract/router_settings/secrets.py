"""Credentials inside `global`: what is stored names each by reference and holds none itself.

A document may hold one while it is only validated, as the source project's own files do; that is a warning. It is a
fault as soon as the document is to be stored or was delivered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from contract.faults import Fault, FaultLog, item, under
from contract.fields import Part
from contract.headers import looks_like_a_credential
from contract.router_settings.settings import GlobalSettings
from contract.router_settings.values import NamedSecrets, Secret
from contract.secret_refs import SecretRefError, parse_secret_ref
from contract.structure import part_in, written_keys

MESSAGE: Final = "holds a credential itself"
REMEDY: Final = "name it instead: secret://<name>, or ${VARIABLE} where the router runs"

_VARIABLE: Final = re.compile(r"\$(?:\{[A-Za-z0-9_]+(?::?-)?\}|[A-Za-z0-9_]+)")


def warn_of_held_secrets(settings: dict[str, Any], log: FaultLog) -> None:
    for path in _held(settings, GlobalSettings, "global"):
        log.warn(path, "secret", MESSAGE, REMEDY)


def held_secrets(settings: GlobalSettings) -> tuple[Fault, ...]:
    """One fault for each credential that stands in the section itself; none repeats the credential."""
    written = settings.model_dump(by_alias=True, exclude_unset=True)
    return tuple(Fault(path, "secret", MESSAGE, REMEDY) for path in _held(written, GlobalSettings, "global"))


def is_reference(text: str) -> bool:
    """Whether the text names a credential, or is empty; text with a default in it holds one."""
    if not text or _VARIABLE.fullmatch(text):
        return True
    try:
        parse_secret_ref(text)
    except SecretRefError:
        return False
    return True


def _held(raw: Any, model: type[Part], path: str) -> Iterator[str]:
    if not isinstance(raw, dict):
        return
    for name, info in model.model_fields.items():
        part = part_in(info.annotation)
        for key in written_keys(name, info):
            at, value = under(path, key), raw.get(key)
            if part is not None:
                for deeper, element in _elements(value, at) if part.many else ((at, value),):
                    yield from _held(element, part.model, deeper)
            elif any(isinstance(mark, Secret) for mark in info.metadata):
                if isinstance(value, str) and not is_reference(value):
                    yield at
            elif any(isinstance(mark, NamedSecrets) for mark in info.metadata):
                yield from _held_by_name(value, at)


def _elements(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list | tuple):
        yield from ((item(path, index), element) for index, element in enumerate(value))
    elif isinstance(value, dict):
        yield from ((under(path, key), element) for key, element in value.items())


def _held_by_name(value: Any, path: str) -> Iterator[str]:
    for name, text in value.items() if isinstance(value, dict) else ():
        if isinstance(text, str) and looks_like_a_credential(name) and not is_reference(text):
            yield under(path, name)
