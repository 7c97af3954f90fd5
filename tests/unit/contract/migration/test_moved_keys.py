"""Keys of older layouts: where they go, what wins, and what a file may not say twice."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from contract import ContractError
from contract.migration import Layout, Note, migrate, remaining_faults
from contract.retired_keys import DEPRECATED

KEYWORDS = [{"name": "code", "operator": "OR", "keywords": ["debug"]}]


@pytest.mark.parametrize(
    ("old", "place"),
    [
        ("keyword_rules", ("routing", "signals", "keywords")),
        ("decisions", ("routing", "decisions")),
        ("tools", ("global", "integrations", "tools")),
        ("observability", ("global", "services", "observability")),
        ("auto_model_names", ("global", "router", "auto_model_names")),
        ("semantic_cache", ("global", "stores", "response_cache")),
        ("external_models", ("global", "model_catalog", "external")),
    ],
)
def test_a_flat_key_moves_to_its_section_and_is_listed(old: str, place: tuple[str, ...]) -> None:
    value: Any = [] if old.endswith(("rules", "decisions", "names", "models")) else {}

    migration = migrate({old: value})

    found: Any = migration.document
    for step in place:
        found = found[step]
    assert found == value
    assert Note(old, ".".join(place), "") in migration.moved
    assert old not in migration.document


def test_a_value_that_is_there_already_wins_and_the_old_one_is_listed_as_dropped() -> None:
    migration = migrate({"strategy": "confidence", "global": {"router": {"strategy": "priority"}}})

    assert migration.document["global"]["router"]["strategy"] == "priority"
    assert [note.old_path for note in migration.dropped] == ["strategy"]


def test_sections_are_filled_up_field_by_field() -> None:
    document = migrate({"tools": {"enabled": True, "top_k": 5}, "global": {"integrations": {"tools": {"top_k": 3}}}})

    assert document.document["global"]["integrations"]["tools"] == {"top_k": 3, "enabled": True}


def test_lists_of_named_entries_are_filled_up_by_name() -> None:
    other = {"name": "code", "operator": "AND", "keywords": ["x"]}
    more = {"name": "more", "operator": "OR", "keywords": ["y"]}

    migration = migrate(
        {"version": "v0.3", "routing": {"signals": {"keywords": KEYWORDS}}, "keyword_rules": [other, more]}
    )

    assert migration.document["routing"]["signals"]["keywords"] == [*KEYWORDS, more]
    assert [note.old_path for note in migration.dropped] == ["keyword_rules[0]"]


def test_what_moves_from_the_top_also_moves_from_right_below_global() -> None:
    document = migrate({"global": {"looper": {"retry_count": 2}}}).document

    assert document["global"] == {"integrations": {"looper": {"retry_count": 2}}}


def test_a_cache_under_both_its_names_is_a_contradiction() -> None:
    raw = {"semantic_cache": {"enabled": True}, "global": {"stores": {"response_cache": {"enabled": False}}}}

    with pytest.raises(ContractError) as refusal:
        migrate(raw)

    assert [(fault.path, fault.code) for fault in refusal.value.faults] == [
        ("global.stores.response_cache", "conflict")
    ]


def test_a_module_that_names_its_model_says_which_entry_of_the_catalogue_it_is() -> None:
    raw = {"classifier": {"category_model": {"model_id": "models/domains"}}, "prompt_guard": {"enabled": True}}

    modules = migrate(raw).document["global"]["model_catalog"]["modules"]

    assert modules["classifier"]["domain"] == {"model_id": "models/domains", "model_ref": "domain_classifier"}
    assert modules["prompt_guard"] == {"enabled": True}


def test_selectors_that_learnt_are_dropped_with_a_note() -> None:
    raw = {"version": "v0.3", "routing": {}, "global": {"router": {"model_selection": {"elo": {"k_factor": 32}}}}}

    migration = migrate(raw)

    assert migration.document["global"]["router"]["model_selection"] == {}
    assert [note.old_path for note in migration.dropped] == ["global.router.model_selection.elo"]


def test_a_file_of_another_program_is_refused() -> None:
    with pytest.raises(ContractError) as refusal:
        migrate({"static_resources": {}, "admin": {}})

    assert [fault.code for fault in refusal.value.faults] == ["not_canonical"]


def test_the_given_mapping_is_not_changed() -> None:
    raw = {"version": "v0.1", "keyword_rules": copy.deepcopy(KEYWORDS), "default_model": "fast"}
    before = copy.deepcopy(raw)

    assert migrate(raw).layout is Layout.LEGACY
    assert raw == before


@pytest.mark.parametrize("pattern", sorted(DEPRECATED))
def test_no_deprecated_key_outlives_the_migration(pattern: str) -> None:
    """Whatever the validator calls deprecated, with the advice to migrate, the migration takes away."""
    raw: dict[str, Any] = {"version": "v0.3", "routing": {}}
    holder: Any = raw
    *way, last = pattern.split(".")
    for step in way:
        inner = holder.setdefault(step.removesuffix("[]"), [{"name": "fast"}] if step.endswith("[]") else {})
        holder = inner[0] if step.endswith("[]") else inner
    holder[last] = {}

    faults = remaining_faults(migrate(raw).document)

    assert "deprecated" not in {fault.code for fault in faults}
