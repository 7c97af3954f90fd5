"""Signals, rules and projections recorded outside: judged as recorded, whatever the rest of their document says."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract import ContractError, parse_text, parse_workspace
from contract.faults import Fault
from contract.routing.token_counts import TokenCountError, parse_token_count
from tests.acceptance import FOLDER, cases
from tests.unit.contract.routing.judged import accepted, faults_of

CASES = FOLDER / "semantic-router"
OWN = ("routing.signals", "routing.projections")
REFUSED = {
    "config-with-embedding.yaml": "an embedding names a model of its own, which the contract has no place for",
    "17-embedding-multimodal.yaml": "an embedding asks for audio, which is refused until it can be served",
}


def _recorded(path: str) -> Any:
    file = CASES / path
    return json.loads(file.read_text()) if file.exists() else None


MUTATIONS = _recorded("derived/reject-mutations.json") or {"base": {}, "changes": []}
FIXTURES = _recorded("contract-fixtures/index.json") or []
WHOLE = [
    file
    for pattern in ("canonical/*", "fragments/signal/*/*", "recipes/**/config", "e2e-*/**/*", "k8s-crd-golden/output/*")
    for file in cases(f"semantic-router/{pattern}.yaml")
]


def _graphs(document: Any) -> Iterator[dict[str, Any]]:
    """The signals and projections of every routing section, wherever a file holds it."""
    if isinstance(document, dict):
        routing = document.get("routing")
        if isinstance(routing, dict):
            yield {key: routing[key] for key in ("signals", "projections") if key in routing}
        for value in document.values():
            yield from _graphs(value)
    elif isinstance(document, list):
        for value in document:
            yield from _graphs(value)


def _faults(raw: dict[str, Any]) -> tuple[Fault, ...]:
    try:
        parse_workspace(raw)
    except ContractError as refusal:
        return refusal.faults
    return ()


def _mutated(change: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(MUTATIONS["base"])
    *way, last = change["path"].split(".")
    node: Any = document
    for step in way:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
    node[int(last) if isinstance(node, list) else last] = change["value"]
    return document  # type: ignore[no-any-return]


@pytest.mark.parametrize("file", WHOLE, ids=lambda file: str(file.relative_to(CASES)))
def test_the_signals_of_the_source_project_are_accepted(file: Path) -> None:
    if "{{" in file.read_text():
        pytest.skip("a template, not a document")
    graphs = list(_graphs(parse_text(file.read_bytes())))

    if file.name in REFUSED:
        assert any(faults_of(graph) for graph in graphs), REFUSED[file.name]
        return
    for graph in graphs:
        accepted(graph)


@pytest.mark.parametrize(
    "change",
    [change for change in MUTATIONS["changes"] if change["path"].startswith((*OWN, "routing.decisions.0.rules"))],
    ids=lambda change: change["path"],
)
def test_one_fault_in_a_good_document_is_found_and_named(change: dict[str, Any]) -> None:
    faults = _faults(_mutated(change))

    (fault,) = faults
    way = change["path"].replace(".0", "[0]")
    assert fault.path.startswith(way.rpartition(".")[0] if "." in way else way)
    assert all(mention in str(fault) for mention in change["mentions"])
    assert fault.code != "unsupported"


def test_the_base_of_the_changes_is_accepted(acceptance_folder: Path) -> None:
    assert _faults(MUTATIONS["base"]) == ()


@pytest.mark.parametrize(
    "fixture",
    [case for case in FIXTURES if case["file"].split("/")[-1].startswith(("validator_pro", "validator_str", "taxon"))],
    ids=lambda case: case["test"],
)
def test_the_fixtures_of_signals_and_projections_are_judged_as_recorded(fixture: dict[str, Any]) -> None:
    raw = parse_text((CASES / "contract-fixtures" / fixture["file"]).read_bytes())

    said = "\n".join(str(fault) for fault in _faults({"version": "v0.3", **raw}))

    if fixture["expect"] == "accept":
        assert said == ""
    else:
        assert said
        assert all(word in said for mention in fixture["error_mentions"] for word in mention.split())


def test_token_counts_are_read_as_recorded(acceptance_folder: Path) -> None:
    for written, expected in _recorded("derived/token-count-cases.json"):
        if expected == "error":
            with pytest.raises(TokenCountError):
                parse_token_count(written)
        else:
            assert parse_token_count(written) == int(expected)
