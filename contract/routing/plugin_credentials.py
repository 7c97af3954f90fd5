"""Credentials inside the configuration of plugins: a document is valid with them, and references are better."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract.faults import FaultLog, item, under
from contract.headers import looks_like_a_credential
from contract.plain_values import entries, section, text
from contract.router_settings.secrets import MESSAGE, REMEDY, is_reference


def warn_of_held_credentials(kind: str, configuration: dict[str, Any], path: str, log: FaultLog) -> None:
    """Looks where a credential is known by its name: settings of a backend, and headers."""
    if kind in ("rag", "image_gen"):
        held = _held(section(configuration, "backend_config"), under(path, "backend_config"))
    elif kind == "header_mutation":
        held = (at for change in ("add", "update") for at in _held_by_headers(configuration, change, path))
    else:
        return
    for at in held:
        log.warn(at, "secret", MESSAGE, REMEDY)


def _held(holder: dict[str, Any] | list[Any], path: str) -> Iterator[str]:
    named = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, value in named:
        at = under(path, key) if isinstance(key, str) else item(path, key)
        if isinstance(value, dict | list):
            yield from _held(value, at)
        elif isinstance(key, str) and looks_like_a_credential(key) and not is_reference(str(value or "")):
            yield at


def _held_by_headers(configuration: dict[str, Any], change: str, path: str) -> Iterator[str]:
    for at, header in entries(configuration, change, under(path, change)):
        if looks_like_a_credential(text(header, "name")) and not is_reference(text(header, "value")):
            yield under(at, "value")
