"""Source text: YAML and JSON give the same mapping, and every doubtful text is refused with its place."""

from __future__ import annotations

import json

import pytest

from contract import ContractError, Fault, parse_text


def _refusal(text: str | bytes) -> Fault:
    with pytest.raises(ContractError) as refusal:
        parse_text(text)
    (fault,) = refusal.value.faults
    return fault


def test_yaml_and_json_of_the_same_document_read_the_same() -> None:
    document = {"version": "v0.3", "listeners": [{"port": 1, "weight": 0.5, "on": True, "none": None}], "text": "é"}

    assert parse_text(json.dumps(document)) == document
    assert parse_text(json.dumps(document, indent=2).encode()) == document
    assert (
        parse_text("version: v0.3\nlisteners:\n- {port: 1, weight: 0.5, 'on': true, none: null}\ntext: é\n") == document
    )


def test_a_yaml_flow_mapping_is_not_mistaken_for_broken_json() -> None:
    assert parse_text("{version: v0.3, routing: {}}") == {"version": "v0.3", "routing": {}}


def test_words_dates_and_leading_zeros_stay_text() -> None:
    text = "a: no\nb: on\nc: 2025-03-01\nd: 010\ne: 12:30:00\nf: 1_000\n"

    assert parse_text(text) == {"a": "no", "b": "on", "c": "2025-03-01", "d": "010", "e": "12:30:00", "f": "1_000"}


def test_numbers_are_read_as_numbers() -> None:
    assert parse_text("a: -7\nb: 0x10\nc: 1.5\nd: 2e3\ne: .5\n") == {"a": -7, "b": 16, "c": 1.5, "d": 2000.0, "e": 0.5}


def test_anchors_and_merge_keys_work() -> None:
    text = "base: &base {a: 1, b: 2}\nmade: {<<: *base, b: 3}\nagain: {<<: *base}\n"

    assert parse_text(text)["made"] == {"a": 1, "b": 3}


def test_a_key_over_a_merged_one_is_no_duplicate_however_deep_it_was_anchored() -> None:
    text = "x:\n  y: &y {<<: &z {k: 1}, k: 2}\nw:\n  <<: *y\n"

    assert parse_text(text) == {"x": {"y": {"k": 2}}, "w": {"k": 2}}


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: 1\nb: [1, 2\n", "syntax", (3, 1)),
        ('{"a": 1,\n "b": }', "syntax", (2, 7)),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "duplicate", (4, 3)),
        ('{"a": 1,\n "b": {"c": 1, "c": 2}}', "duplicate", (2, 16)),
        ('{"a": 1, # no comments in JSON\n "b": 2}', "syntax", (1, 10)),
        ("1: a\n", "type", (1, 1)),
        ("[a]: b\n", "type", (1, 1)),
        ("a: !!python/object/apply:os.system [ls]\n", "syntax", (1, 4)),
        ("a: &a [*a]\n", "syntax", (1, 8)),
        ("a: *b\n", "syntax", (1, 4)),
        ("---\na: 1\n---\nb: 1\n", "syntax", (3, 1)),
        ("a: b\nc: \x00\n", "syntax", (2, 4)),
        ("a: " + "[" * 65 + "]" * 65, "too_large", (1, 67)),
        ("[" * 100_000, "too_large", (1, 65)),
        ("a: [" + "a," * 400_001 + "]", "too_large", (1, 799_999)),
    ],
)
def test_doubtful_text_is_refused_at_its_place(text: str, code: str, place: tuple[int, int]) -> None:
    fault = _refusal(text)

    assert (fault.code, (fault.line, fault.column)) == (code, place)
    assert fault.message
    assert fault.remedy


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("a: 1\na: 2\n", "duplicate", "the key 'a' appears twice"),
        ('{"a": {"b": 1, "b": 2}}', "duplicate", "the key 'b' "),
        ("1: a\n", "type", "a key should be text"),
        ("a: !!str x\n", "syntax", "tags are not supported"),
        ("a: *b\n", "syntax", "an alias refers to what is not complete yet"),
        ("", "syntax", "is empty"),
        ("# nothing\n", "syntax", "is empty"),
        ("- a\n", "type", "should be a mapping"),
        ("[1]", "type", "should be a mapping"),
        (b"\xff\xfe\x00", "syntax", "UTF-8"),
        ('{"a": "\ud800"}', "syntax", "UTF-8"),
        ('{"a": ' + "9" * 5000 + "}", "syntax", "too long"),
        ("a: " + "9" * 5000, "syntax", "too long"),
        ("a: [" + "a," * 400_001 + "]", "too_large", "more than 400000 keys and values"),
        ('{"a":' * 100_000, "too_large", "nested too deeply"),
        ("a: " + "x" * (4 * 1024 * 1024), "too_large", "4 MiB"),
    ],
)
def test_doubtful_text_is_refused(text: str | bytes, code: str, says: str) -> None:
    fault = _refusal(text)

    assert fault.code == code
    assert says in fault.message
    assert fault.remedy


def test_aliases_cannot_multiply_a_small_text_into_a_large_document() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]

    assert _refusal("\n".join(lines)).code == "too_large"


def test_a_fault_in_the_text_does_not_repeat_the_text() -> None:
    assert "very-secret" not in str(_refusal('api_key: "sk-very-secret\n'))
