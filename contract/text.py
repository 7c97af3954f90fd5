"""YAML or JSON text to a mapping, refusing what could be read in two ways or cost more than its size."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from contract.faults import ContractError, Fault, shown
from contract.plain_values import BEGIN_WITH_SECTIONS, NO_MAPPING, SMALLER

MOST_BYTES: Final = 4 * 1024 * 1024
MOST_DELIVERED_BYTES: Final = 64 * 1024 * 1024

# A brace and a quoted key: JSON, to be judged as JSON. A brace alone may open a flow mapping of YAML.
_JSON_OBJECT: Final = re.compile(r'\s*\{\s*["}]')


def parse_text(text: str | bytes) -> Mapping[str, Any]:
    """A source document, at most 4 MiB. Raises ContractError, with line and column where the text is at fault."""
    decoded = decoded_source(text)
    if not is_json(decoded):
        return _mapping(_yaml(decoded))
    try:
        return _mapping(_json(decoded))
    except ContractError as refusal:
        raise _with_its_place(refusal, decoded) from None


def parse_json(delivered: bytes) -> Mapping[str, Any]:
    """Delivered bytes, which are JSON and may be longer than a source. Raises ContractError."""
    return _mapping(_json(_decoded(delivered, MOST_DELIVERED_BYTES)))


def decoded_source(text: str | bytes) -> str:
    """A source document as text. Raises ContractError for one that is too long or not in UTF-8."""
    return _decoded(text, MOST_BYTES)


def is_json(text: str) -> bool:
    """Whether a source is judged as JSON; all else is YAML."""
    return _JSON_OBJECT.match(text) is not None


def _with_its_place(refusal: ContractError, text: str) -> ContractError:
    """A key that appears twice is only found again by a reader that knows where it is, and JSON is YAML."""
    try:
        if refusal.faults[0].code == "duplicate":
            _yaml(text)
    except ContractError as found:
        if found.faults[0].code == "duplicate":
            return found
    return refusal


def _decoded(text: str | bytes, most: int) -> str:
    if len(text) > most:
        raise _too_long(most)
    try:
        encoded = text.encode() if isinstance(text, str) else text
        decoded = encoded.decode("utf-8-sig")
    except UnicodeError:
        raise ContractError([Fault("", "syntax", "is not text in UTF-8", "save the file in UTF-8")]) from None
    if len(encoded) > most:
        raise _too_long(most)
    return decoded


def _too_long(most: int) -> ContractError:
    return ContractError([Fault("", "too_large", f"is longer than {most // (1024 * 1024)} MiB", SMALLER)])


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        raise ContractError([Fault("", "syntax", "is empty", "write at least version and routing")])
    if not isinstance(value, dict):
        raise ContractError([Fault("", "type", NO_MAPPING, BEGIN_WITH_SECTIONS)])
    return value


def _yaml(text: str) -> Any:
    from contract.yaml_text import parse_yaml  # agents read JSON alone, and start without it

    return parse_yaml(text)


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except json.JSONDecodeError as problem:
        fault = Fault("", "syntax", problem.msg, "mend the JSON here", line=problem.lineno, column=problem.colno)
        raise ContractError([fault]) from None
    except RecursionError:
        raise ContractError([Fault("", "too_large", "is nested too deeply", SMALLER)]) from None
    except ValueError:
        raise ContractError([Fault("", "syntax", "holds a number that is too long", "put it in quotes")]) from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        message = f"has the key {shown(twice)} twice in one object"
        raise ContractError([Fault("", "duplicate", message, "keep one of the two")])
    return mapping


def _refuse_constant(name: str) -> NoReturn:
    raise ContractError([Fault("", "syntax", f"holds {name}, which is not a number in JSON", "write a number")])
