"""Signals, decisions and plugins of older layouts: what they meant is kept, or a person is asked."""

from __future__ import annotations

from typing import Any

import pytest

from contract.migration import Migration, migrate, remaining_faults


def _with_decision(**fields: Any) -> Migration:
    decision = {"name": "d", "modelRefs": [{"model": "a"}], **fields}
    return migrate({"decisions": [decision], "categories": [{"name": "math"}, {"name": "law"}]})


def _decision(migration: Migration) -> dict[str, Any]:
    found: dict[str, Any] = migration.document["routing"]["decisions"][0]
    return found


def test_a_removed_selector_is_dropped_and_the_decision_stays() -> None:
    migration = _with_decision(algorithm={"type": "elo", "elo": {"k_factor": 32}})

    assert "algorithm" not in _decision(migration)
    assert [note.old_path for note in migration.dropped] == ["decisions[0].algorithm"]


def test_the_old_key_of_the_algorithm_names_its_type() -> None:
    migration = _with_decision(modelSelectionAlgorithm={"enabled": True, "method": "router_dc"})

    assert _decision(migration)["algorithm"] == {"type": "router_dc"}


def test_lists_of_tools_become_the_plugin_tools() -> None:
    migration = _with_decision(tool_scope="standard", allow_tools=["search"])

    configuration = {"enabled": True, "mode": "filtered", "allow_tools": ["search"]}
    assert _decision(migration)["plugins"] == [{"type": "tools", "configuration": configuration}]


def test_plugins_by_name_become_a_list() -> None:
    migration = _with_decision(plugins={"image_gen": {"enabled": True, "backend": "openai"}})

    configuration = {"enabled": True, "backend": "openai"}
    assert _decision(migration)["plugins"] == [{"type": "image_gen", "configuration": configuration}]


def test_a_protection_that_was_on_is_left_to_a_person_and_one_that_was_off_is_dropped() -> None:
    plugins = [
        {"type": "pii", "configuration": {"enabled": True}},
        {"type": "jailbreak", "configuration": {"enabled": False}},
    ]

    migration = _with_decision(plugins=plugins)

    assert "plugins" not in _decision(migration)
    assert [note.old_path for note in migration.undecided] == ["decisions[0].plugins[0]"]
    assert [note.old_path for note in migration.dropped] == ["decisions[0].plugins[1]"]


def test_keywords_that_a_decision_held_itself_become_a_signal() -> None:
    migration = _with_decision(triggers=[{"type": "keyword", "keywords": ["code"]}])

    assert _decision(migration)["rules"] == {
        "operator": "OR",
        "conditions": [{"type": "keyword", "name": "d_keywords"}],
    }
    assert remaining_faults(migration.document) == ()


def test_a_decision_whose_only_condition_cannot_be_said_is_left_out_rather_than_matching_everything() -> None:
    migration = _with_decision(signal={"type": "intent_classifier", "config": {"intents": ["draw"]}})

    assert migration.document["routing"]["decisions"] == []
    assert "decisions[0]" in {note.old_path for note in migration.undecided}


MATH, LAW = {"type": "domain", "name": "math"}, {"type": "domain", "name": "law"}
ALWAYS = {"type": "always"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"operator": "OR", "conditions": [MATH, ALWAYS]}, None),
        ({"operator": "AND", "conditions": [MATH, ALWAYS]}, {"operator": "AND", "conditions": [MATH]}),
        (
            {"operator": "NOT", "conditions": [MATH, LAW]},
            {"operator": "NOT", "conditions": [{"operator": "OR", "conditions": [MATH, LAW]}]},
        ),
    ],
    ids=["or with always", "and with always", "not of two"],
)
def test_rules_that_the_contract_writes_otherwise_keep_their_meaning(
    old: dict[str, Any], new: dict[str, Any] | None
) -> None:
    migration = _with_decision(rules=old)

    assert _decision(migration).get("rules") == new
    assert remaining_faults(migration.document) == ()


def test_a_category_is_spelt_as_the_classifier_spells_it_and_an_unknown_one_is_dropped() -> None:
    migration = migrate({"categories": [{"name": "c", "mmlu_categories": ["computer_science", "support"]}]})

    assert migration.document["routing"]["signals"]["domains"] == [
        {"name": "c", "mmlu_categories": ["computer science"]}
    ]
    assert [note.old_path for note in migration.dropped] == ["categories[0].mmlu_categories[1]"]


def test_keywords_stay_words_although_the_method_called_them_patterns() -> None:
    rule = {"name": "k", "operator": "OR", "method": "regex", "keywords": ["C:\\Program Files\\"]}

    document = migrate({"keyword_rules": [rule]}).document

    assert "method" not in document["routing"]["signals"]["keywords"][0]
    assert remaining_faults(document) == ()


def test_an_old_embedding_rule_gets_its_new_words() -> None:
    old = {"category": "help", "keywords": ["how to"], "threshold": 0.7, "aggregation_method": "avg", "model": "auto"}

    document = migrate({"embedding_rules": [old]}).document

    assert document["routing"]["signals"]["embeddings"] == [
        {"name": "help", "candidates": ["how to"], "threshold": 0.7, "aggregation_method": "mean"}
    ]


def test_a_key_that_no_router_knew_is_dropped_from_an_old_file_and_stays_in_a_canonical_one() -> None:
    old = migrate({"default_model": "a", "tools": {"enabled": True, "colour": "blue"}})
    canonical = migrate({"version": "v0.3", "routing": {}, "global": {"integrations": {"tools": {"colour": "blue"}}}})

    assert [note.old_path for note in old.dropped] == ["tools.colour"]
    assert not canonical.changed
    assert [fault.code for fault in remaining_faults(canonical.document)] == ["unknown_field"]


def test_the_routing_of_a_recipe_is_migrated_too() -> None:
    recipe = {"name": "r", "routing": {"decisions": [{"name": "d", "algorithm": {"type": "rl_driven"}}]}}

    migration = migrate({"version": "v0.3", "routing": {}, "recipes": [recipe]})

    assert migration.document["recipes"][0]["routing"]["decisions"] == [{"name": "d"}]
    assert [note.old_path for note in migration.dropped] == ["recipes[0].routing.decisions[0].algorithm"]


def test_a_place_that_is_still_to_be_filled_in_is_no_fault() -> None:
    model = {"name": "a", "endpoints": [{"endpoint": "${HOST}:8000"}]}

    document = migrate({"providers": {"models": [model]}}).document

    assert document["providers"]["models"][0]["backend_refs"] == [{"endpoint": "${HOST}:8000"}]
    assert remaining_faults(document) == ()
