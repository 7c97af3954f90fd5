"""What holds for every input: a refusal is always a ContractError, and an accepted document survives its own bytes."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as some

from contract import (
    ContractError,
    canonical_bytes,
    expand_environment,
    judge_fragment,
    judge_workspace,
    parse_consumer,
    parse_text,
    parse_workspace,
    read_workspace,
)
from contract.spelling import nearest
from tests.unit.contract.documents import BASE
from tests.unit.contract.drawn_documents import SCHEMA, documents, respelled

KEYS = some.sampled_from(
    (
        *("version", "listeners", "providers", "routing", "global", "defaults", "models", "modelCards", "backend_refs"),
        *("name", "port", "address", "timeout", "weight", "api_key", "base_url", "endpoint", "protocol"),
        *("extra_headers", "reliability", "retry_count", "pricing", "reasoning_families", "loras"),
    )
)
SCALARS = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(some.characters(), max_size=20)
    | some.sampled_from(["v0.3", "fast", "https://h/v1", "h:1", "10s", "secret://a@1", "0.0.0.0", "http"])  # noqa: S104
)
JSON_LIKE = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(KEYS | some.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)
DOCUMENTS = some.dictionaries(KEYS | some.text(max_size=5), JSON_LIKE, max_size=6)
SLOWNESS = [HealthCheck.too_slow, HealthCheck.filter_too_much]
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=SLOWNESS)


@QUICK
@given(DOCUMENTS)
def test_no_mapping_raises_anything_but_a_contract_error(raw: dict[str, Any]) -> None:
    assert judge_fragment(raw).findings is not None
    for reader in (parse_workspace, parse_consumer, lambda value: expand_environment(value, {"A": "b"})):
        with contextlib.suppress(ContractError):
            reader(raw)


@QUICK
@given(some.data())
def test_no_change_of_a_good_document_raises_anything_but_a_contract_error(data: some.DataObject) -> None:
    raw = copy.deepcopy(BASE)
    for _ in range(data.draw(some.integers(1, 3))):
        _change_somewhere(raw, data)

    with contextlib.suppress(ContractError):
        document = parse_workspace(raw)
        assert parse_workspace(parse_text(canonical_bytes(document))) == document


@QUICK
@given(some.text(max_size=60) | some.binary(max_size=60))
def test_no_text_raises_anything_but_a_contract_error(text: str | bytes) -> None:
    for fault in judge_workspace(text).faults:
        assert fault.message
        assert fault.remedy


@QUICK
@given(some.binary(max_size=60))
def test_no_delivered_bytes_raise_anything_but_a_contract_error(delivered: bytes) -> None:
    with contextlib.suppress(ContractError):
        read_workspace(delivered)


NAMES = some.text(some.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
REFS = some.fixed_dictionaries(
    {"endpoint": some.sampled_from(["h:1", "https://h", "[::1]:9/v1"])},
    optional={
        "weight": some.integers(0, 100),
        "api_key": some.sampled_from(["secret://a@1", "secret://b/c@22"]),
        "auth_prefix": some.sampled_from(["", "Bearer", "Token"]),
        "extra_headers": some.dictionaries(some.sampled_from(["x-a", "X-B"]), some.sampled_from(["", "1"])),
    },
)
PRICES = some.fixed_dictionaries({}, optional={"prompt_per_1m": some.floats(0, 100) | some.integers(0, 100)})


@QUICK
@given(some.dictionaries(NAMES, some.tuples(some.lists(REFS, min_size=1, max_size=3), PRICES), max_size=4))
def test_a_good_document_and_its_canonical_bytes_are_one(models: dict[str, Any]) -> None:
    bound = [{"name": name, "backend_refs": refs, "pricing": price} for name, (refs, price) in models.items()]
    raw = {"version": "v0.3", "providers": {"models": bound}, "routing": {"modelCards": [{"name": n} for n in models]}}

    delivered = canonical_bytes(parse_workspace(raw))

    assert canonical_bytes(read_workspace(delivered)) == delivered
    assert canonical_bytes(parse_text(delivered)) == delivered


@QUICK
@given(documents())
def test_whatever_the_models_allow_survives_its_canonical_bytes(raw: dict[str, Any]) -> None:
    judged = judge_workspace(raw)
    event("valid" if judged.is_valid else "faulty")
    if judged.document is None:
        assert all(fault.message and fault.remedy for fault in judged.faults)
        return

    delivered = canonical_bytes(judged.document)

    again = judge_workspace(delivered)
    assert again.faults == ()
    assert again.document == judged.document
    assert canonical_bytes(again.accepted()) == delivered


@QUICK
@given(documents(), some.data())
def test_one_meaning_has_one_byte_sequence_however_it_is_written(raw: dict[str, Any], data: some.DataObject) -> None:
    judged = judge_workspace(raw)
    assume(judged.is_valid)

    other = judge_workspace(json.dumps(respelled(raw, SCHEMA, data)))

    assert canonical_bytes(other.accepted()) == canonical_bytes(judged.accepted())


@given(some.text("abcde", max_size=6), some.lists(some.text("abcde", min_size=1, max_size=6), max_size=5))
def test_a_known_word_is_its_own_nearest(word: str, known: list[str]) -> None:
    assert nearest(word, [*known, word]) == word


def test_depth_and_cycles_are_bounded() -> None:
    loop: dict[str, Any] = {}
    loop["routing"] = loop

    with pytest.raises(ContractError, match="nested deeper than 64 levels"):
        parse_workspace(loop)


def _change_somewhere(node: Any, data: some.DataObject) -> None:
    """Puts a drawn value at a drawn place of a nested document."""
    places = list(node) if isinstance(node, dict) else list(range(len(node)))
    place = data.draw(some.sampled_from(places) if places else KEYS)
    if places and isinstance(node[place], dict | list) and node[place] and data.draw(some.booleans()):
        _change_somewhere(node[place], data)
    elif isinstance(node, dict):
        node[data.draw(KEYS) if data.draw(some.booleans()) else place] = data.draw(JSON_LIKE)
    elif places:
        node[place] = data.draw(JSON_LIKE)
