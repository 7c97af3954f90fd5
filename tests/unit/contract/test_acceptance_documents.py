"""Documents recorded outside: the supported part is judged as recorded, what lies beyond is `unsupported`."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from contract import ContractError, expand_environment, parse_text, parse_workspace
from contract.addresses import AddressError, parse_endpoint
from tests.acceptance import FOLDER

CASES = FOLDER / "semantic-router"
LATER = ("routing.signals", "routing.decisions", "routing.strategy", "routing.projections", "entrypoints", "recipes")


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


def _without_later_parts(raw: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(raw)
    for key in ("signals", "decisions"):
        document.get("routing", {}).pop(key, None)
    document.pop("global", None)
    return document


def _says(refusal: ContractError, words: str) -> bool:
    return all(word in str(refusal) for word in words.split())


def _is_beyond(change: dict[str, Any]) -> bool:
    path = change["path"]
    return path.startswith(LATER)


@pytest.mark.parametrize(
    "fixture", [case for case in FIXTURES if case["expect"] == "reject"], ids=lambda case: case["test"]
)
def test_what_the_source_system_refuses_is_refused(acceptance_folder: Path, fixture: dict[str, Any]) -> None:
    refusal = _refusal(parse_text((CASES / "contract-fixtures" / fixture["file"]).read_bytes()))

    assert refusal is not None
    beyond = any(fault.code == "unsupported" for fault in refusal.faults)
    assert beyond or all(_says(refusal, mention) for mention in fixture["error_mentions"])


@pytest.mark.parametrize(
    "fixture", [case for case in FIXTURES if case["expect"] == "accept"], ids=lambda case: case["test"]
)
def test_what_the_source_system_accepts_is_accepted_without_its_later_parts(
    acceptance_folder: Path, fixture: dict[str, Any]
) -> None:
    raw = parse_text((CASES / "contract-fixtures" / fixture["file"]).read_bytes())
    if "version" not in raw:
        pytest.skip("a fragment, not a whole document")

    whole, supported = _refusal(raw), _refusal(_without_later_parts(dict(raw)))

    assert supported is None
    assert whole is None or {fault.code for fault in whole.faults} == {"unsupported"}


@pytest.mark.parametrize(
    "change", [case for case in MUTATIONS["changes"] if not _is_beyond(case)], ids=lambda case: case["path"]
)
def test_one_fault_in_a_good_document_is_found_and_named(acceptance_folder: Path, change: dict[str, Any]) -> None:
    refusal = _refusal(_mutated(_without_later_parts(MUTATIONS["base"]), change))

    assert refusal is not None
    assert all(_says(refusal, mention) for mention in change["mentions"])


@pytest.mark.parametrize(
    "change", [case for case in MUTATIONS["changes"] if _is_beyond(case)], ids=lambda case: case["path"]
)
def test_what_a_later_release_judges_is_refused_as_unsupported(acceptance_folder: Path, change: dict[str, Any]) -> None:
    refusal = _refusal(_mutated(MUTATIONS["base"], change))

    assert refusal is not None
    assert {fault.code for fault in refusal.faults} <= {"unsupported", "deprecated"}


def test_the_base_of_the_mutations_is_accepted_without_its_later_parts(acceptance_folder: Path) -> None:
    assert _refusal(_without_later_parts(MUTATIONS["base"])) is None


@pytest.mark.parametrize("name", ["config.head.yaml", "config.v0.3.0.yaml", "cli-config.template.yaml"])
def test_the_reference_documents_are_refused_only_for_what_this_release_lacks(
    acceptance_folder: Path, name: str
) -> None:
    refusal = _refusal(parse_text((CASES / "canonical" / name).read_bytes()))

    assert refusal is None or {fault.code for fault in refusal.faults} <= {"unsupported", "deprecated"}


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
