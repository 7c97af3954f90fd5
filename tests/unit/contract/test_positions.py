"""Where faults stand: line and column of what a path names, in YAML and in JSON, or of the mapping that lacks it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from contract.faults import Fault, under
from contract.positions import located, steps_of

TEXT = """\
version: v0.3
listeners:
  - name: http
    address: 0.0.0.0
"odd key":
    - [1, 22]
providers:
  models:
    - &first {name: a, weight: 1}
    - <<: *first
      other: 2
    - *first
"""


def _place(path: str, text: str | bytes = TEXT) -> tuple[int | None, int | None]:
    (fault,) = located([Fault(path, "value", "is wrong")], text)
    return fault.line, fault.column


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("version", (1, 1)),
        ("listeners[0].address", (4, 5)),
        ("listeners[0]", (3, 5)),
        ("['odd key'][0][1]", (6, 11)),
        ("providers.models[0].weight", (9, 24)),
        ("providers.models[1].other", (11, 7)),
        ("providers.models[1].weight", (9, 24)),
        ("providers.models[2].name", (9, 15)),
    ],
)
def test_a_fault_is_placed_at_its_key_or_its_entry(path: str, place: tuple[int, int]) -> None:
    assert _place(path) == place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("listeners[0].port", (3, 5)),
        ("providers.defaults.default_model", (8, 3)),
        ("global", (1, 1)),
        ("", (1, 1)),
        ("listeners[7].name", (3, 3)),
        ("version.deep.down", (1, 10)),
    ],
)
def test_what_is_not_there_is_placed_where_its_holder_begins(path: str, place: tuple[int, int]) -> None:
    assert _place(path) == place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("b.c[1]", (4, 5)),
        ("b.c[1].d", (4, 6)),
        ("b['é\\'\"x']", (6, 3)),
        ("b.missing", (2, 7)),
        ("last", (7, 2)),
    ],
)
def test_json_has_places_too(path: str, place: tuple[int, int]) -> None:
    text = '{"a": [1, {"x": "}]"}],\n "b": {\n  "c": [ 1.5e3,\n    {"d":null} ],\n  "e": "\\ud83d\\ude00",\n'
    text += '  "é\'\\"x": {}},\n "last": true}'
    json.loads(text)

    assert _place(under("b", "é'\"x") if "é" in path else path, text) == place


def test_a_byte_order_mark_is_no_column() -> None:
    assert _place("a", b"\xef\xbb\xbfa: 1\n") == (1, 1)


def test_a_place_that_is_known_is_kept_and_an_unknown_text_has_none() -> None:
    known = Fault("version", "value", "is wrong", line=7, column=8)

    assert located([known], TEXT) == (known,)
    assert located([Fault("version", "value", "is wrong")], None)[0].line is None
    assert located([Fault("", "syntax", "is not YAML")], "a: [")[0].line is None


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("a.b[0].c-d", ["a", "b", "[0]", "c-d"]),
        (under("a", "b.c") + "[3]", ["a", "['b.c']", "[3]"]),
        (under("", "[0]'\"]"), ["['[0]\\'\"]']"]),
        ("", []),
    ],
)
def test_a_path_is_read_step_by_step(path: str, steps: list[str]) -> None:
    assert steps_of(path) == steps


KEYS = some.text(max_size=5)
NESTED = some.recursive(some.none(), lambda inner: some.dictionaries(KEYS, inner, min_size=1), max_leaves=3)


@given(some.dictionaries(KEYS, NESTED, min_size=1))
def test_whatever_keys_are_called_their_paths_lead_to_their_lines(document: Any) -> None:
    path, node, key = "", document, ""
    while isinstance(node, dict):
        key = list(node)[-1]
        path, node = under(path, key), node[key]
    text = json.dumps(document, indent=1)

    line, column = _place(path, text)

    assert text.splitlines()[(line or 0) - 1][(column or 0) - 1 :].startswith(json.dumps(key))
