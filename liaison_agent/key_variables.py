"""Provider keys that stand in this machine's environment: which of them a document may name, and where each may go.

A document names a variable (`api_key_env`); only what the machine's operator listed is read, so that nobody who writes
documents can send another of its variables anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import contract
from liaison_agent.compiler.options import KeyVariable

SETTING: Final = "AGENTROUTER_KEY_VARIABLES"
OPTION: Final = "--key-variable"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_key_variables(
    listed: Iterable[str], environment: Mapping[str, str], problems: list[str]
) -> tuple[KeyVariable, ...]:
    """Each entry is `NAME` or `NAME=https://host`; the key is the variable's value, or the text in `NAME_FILE`.

    Problems are added for entries that are no names, places that are no origins, and variables without a value.
    """
    found: dict[str, KeyVariable] = {}
    for entry in listed:
        name, _, place = entry.strip().partition("=")
        if not name and not place:
            continue
        if not _NAME.fullmatch(name):
            problems.append(f"{OPTION} ({SETTING}): {name!r} is no variable's name; write NAME or NAME=https://host")
            continue
        origin, value = _origin(name, place, problems), _value(name, environment, problems)
        if value:
            found[name] = KeyVariable(name, value, origin)
    return tuple(found.values())


def _origin(name: str, place: str, problems: list[str]) -> str:
    if not place:
        return ""
    try:
        return contract.origin_of_url(place)
    except ValueError as problem:
        problems.append(f"{OPTION} ({SETTING}): {name}={place} {problem}; write NAME=https://host")
        return ""


def _value(name: str, environment: Mapping[str, str], problems: list[str]) -> str:
    value, file = environment.get(name, ""), environment.get(f"{name}_FILE", "")
    if not value and file:
        try:
            value = Path(file).read_text()
        except (OSError, UnicodeDecodeError):
            problems.append(f"{name}_FILE: {file!r} cannot be read as text")
            return ""
    value = value.strip()
    if not value:
        problems.append(f"{OPTION} ({SETTING}): {name} is not set; set it or {name}_FILE, or take it off the list")
    elif not value.isascii() or not value.isprintable():
        problems.append(f"{name} should hold one line of ASCII")
        return ""
    return value
