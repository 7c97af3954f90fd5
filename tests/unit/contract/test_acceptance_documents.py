"""Documents recorded outside are judged as recorded, and what is wrong with them is named."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from contract import ContractError, expand_environment, parse_text, parse_workspace
from contract.addresses import AddressError, parse_endpoint
from tests.acceptance import FOLDER, cases

CASES = FOLDER / "semantic-router"
FLAT = ("auto_model_names__TestAutoModelNamesYAML.yaml",)
"""Recorded as accepted by a reader of the old, flat layout."""


def _recorded(path: str) -> Any:
    file = CASES / path
    return json.loads(file.read_text()) if file.exists() else None


FIXTURES = _recorded("contract-fixtures/index.json") or []
MUTATIONS = _recorded("derived/reject-mutations.json") or {"base": {}, "changes": []}


def _refusal(raw: Any) -> ContractError | None:
    try:
        parse_workspace(raw)
    except ContractError as refusal:
        return refusal
    return None


def _says(refusal: ContractError, words: str) -> bool:
    return all(word in str(refusal) for word in words.split())


@pytest.mark.parametrize(
    "fixture", [case for case in FIXTURES if case["expect"] == "reject"], ids=lambda case: case["test"]
)
def test_what_the_source_system_refuses_is_refused(acceptance_folder: Path, fixture: dict[str, Any]) -> None:
    refusal = _refusal(parse_text((CASES / "contract-fixtures" / fixture["file"]).read_bytes()))

    assert refusal is not None
    assert all(_says(refusal, mention) for mention in fixture["error_mentions"])


@pytest.mark.parametrize(
    "fixture", [case for case in FIXTURES if case["expect"] == "accept"], ids=lambda case: case["test"]
)
def test_what_the_source_system_accepts_is_accepted(acceptance_folder: Path, fixture: dict[str, Any]) -> None:
    if fixture["file"].endswith(FLAT):
        pytest.skip("a file of the old, flat layout")
    raw = parse_text((CASES / "contract-fixtures" / fixture["file"]).read_bytes())

    assert _refusal({"version": "v0.3", **raw}) is None


@pytest.mark.parametrize("change", MUTATIONS["changes"], ids=lambda case: case["path"])
def test_one_fault_in_a_good_document_is_found_and_named(acceptance_folder: Path, change: dict[str, Any]) -> None:
    refusal = _refusal(_mutated(MUTATIONS["base"], change))

    assert refusal is not None
    assert len(refusal.faults) == 1
    assert all(_says(refusal, mention) for mention in change["mentions"])


def test_the_base_of_the_mutations_is_accepted(acceptance_folder: Path) -> None:
    assert _refusal(MUTATIONS["base"]) is None


@pytest.mark.parametrize(
    "name", ["config.head.yaml", "cli-config.template.yaml", "generic-multi-recipe-model-needs.yaml"]
)
def test_the_reference_documents_are_accepted(acceptance_folder: Path, name: str) -> None:
    assert _refusal(parse_text((CASES / "canonical" / name).read_bytes())) is None


def test_the_first_reference_document_is_refused_for_what_was_removed_since(acceptance_folder: Path) -> None:
    refusal = _refusal(parse_text((CASES / "canonical" / "config.v0.3.0.yaml").read_bytes()))

    assert refusal is not None
    assert {fault.code for fault in refusal.faults} == {"deprecated"}


@pytest.mark.parametrize("file", cases("semantic-router/recipes/**/config.yaml"), ids=lambda file: file.parent.name)
def test_the_recipes_of_the_source_project_are_accepted(file: Path) -> None:
    assert _refusal(parse_text(file.read_bytes())) is None


def test_endpoints_are_read_as_recorded(acceptance_folder: Path) -> None:
    for written, protocol, expected in _recorded("derived/endpoint-parse-cases.json")["cases"]:
        if expected is None:
            with pytest.raises(AddressError):
                parse_endpoint(written, protocol)
        else:
            address = parse_endpoint(written, protocol)
            assert [address.host, address.port] == expected, written


def test_environment_references_are_replaced_as_recorded(acceptance_folder: Path) -> None:
    recorded = _recorded("derived/env-substitution-cases.json")
    for written, expected in recorded["cases"]:
        assert expand_environment({"deep": [{"value": written}]}, recorded["env"]) == {"deep": [{"value": expected}]}


def _mutated(document: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    mutated = copy.deepcopy(document)
    *way, last = change["path"].split(".")
    node: Any = mutated
    for step in way:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, [{}] if step == "decisions" else {})
    if isinstance(node, list):
        node[int(last)] = change["value"]
    else:
        node[last] = change["value"]
    return mutated
