"""Decisions, recipes and entrypoints recorded outside: what others accept is read, what they refuse is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract import ContractError, Fault, canonical_bytes, parse_text, parse_workspace
from contract.routing.algorithms import ALGORITHM_BLOCKS
from tests.acceptance import FOLDER, cases
from tests.unit.contract.routing.deciding import CONFIGURATION, deciding, plugin_of

CASES = FOLDER / "semantic-router"
HEAD = CASES / "canonical" / "config.head.yaml"
OLD = CASES / "canonical" / "config.v0.3.0.yaml"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
OURS = ("routing.decisions", "routing.strategy", "recipes", "entrypoints", "setup")


def _faults(raw: dict[str, Any]) -> tuple[Fault, ...]:
    try:
        parse_workspace(raw)
    except ContractError as refusal:
        return tuple(fault for fault in refusal.faults if _is_ours(fault.path))
    return ()


def _is_ours(path: str) -> bool:
    """What is said of the parts under test; signals and projections have tests of their own."""
    return path.startswith(OURS) and not any(part in path for part in (".rules", ".signals", ".projections"))


def _algorithm_of(raw: dict[str, Any]) -> str:
    return next(iter(set(raw["algorithm"]) & set(ALGORITHM_BLOCKS)), "")


def _documents() -> Iterator[Path]:
    for folder in ("canonical", "recipes", "e2e-config", "e2e-profiles", "k8s-crd-golden"):
        for file in cases(f"semantic-router/{folder}/**/*.yaml"):
            if file != OLD and {"routing", "recipes"} & set(_first(file)):
                yield file


def _read(file: Path) -> Any:
    return yaml.load(file.read_text(), LOADER)  # noqa: S506 - a safe loader


@cache
def _first(file: Path) -> dict[str, Any]:
    read = next(iter(yaml.load_all(file.read_text(), LOADER)), None)
    return read if isinstance(read, dict) else {}


@pytest.mark.parametrize("file", list(_documents()), ids=lambda file: "/".join(file.parts[-2:]))
def test_the_decisions_of_every_recorded_document_are_read(acceptance_folder: Path, file: Path) -> None:
    raw = _first(file)
    faults = [fault for fault in _faults(raw) if not _is_skipped_for_kubernetes(raw, fault)]

    assert faults == []


def _is_skipped_for_kubernetes(raw: dict[str, Any], fault: Fault) -> bool:
    """Such files name plugins and leave their configuration to resources of the cluster."""
    source = raw.get("global", {}).get("router", {}).get("config_source")
    return bool(source == "kubernetes") and fault.path.endswith(".configuration")


@pytest.mark.parametrize("file", cases("semantic-router/fragments/algorithm/**/*.yaml"), ids=lambda file: file.stem)
def test_every_recorded_algorithm_is_read(acceptance_folder: Path, file: Path) -> None:
    raw = _read(file)
    document = deciding(algorithm=raw["algorithm"], modelRefs=[])
    document["providers"], document["routing"]["modelCards"] = {}, []

    algorithm = parse_workspace(document).routing.decisions[0].algorithm

    assert algorithm is not None
    block = _algorithm_of(raw)
    assert not block or getattr(algorithm, block) is not None


@pytest.mark.parametrize("file", cases("semantic-router/fragments/plugin/**/*.yaml"), ids=lambda file: file.stem)
def test_every_recorded_plugin_is_read_without_passing_anything_on(acceptance_folder: Path, file: Path) -> None:
    plugin = _read(file)["plugin"]

    read = plugin_of(deciding(plugins=[plugin]))

    assert read.type == plugin["type"]
    assert not read.configuration.model_extra


def test_the_plugins_of_the_reference_document_hold_nothing_unknown(acceptance_folder: Path) -> None:
    for decision in _read(HEAD)["routing"]["decisions"]:
        document = deciding(plugins=decision.get("plugins", []))
        for plugin in parse_workspace(document).routing.decisions[0].plugins:
            assert not plugin.configuration.model_extra, decision["name"]


def test_the_decisions_of_the_reference_document_survive_their_canonical_bytes(acceptance_folder: Path) -> None:
    raw = _read(HEAD)
    decisions = [{key: decision[key] for key in decision if key != "rules"} for decision in raw["routing"]["decisions"]]
    raw = {**raw, "recipes": [], "entrypoints": [], "global": {}}
    raw["routing"] = {"modelCards": raw["routing"]["modelCards"], "decisions": decisions}

    document = parse_workspace(raw)

    assert len(document.routing.decisions) == len(decisions)
    assert parse_workspace(parse_text(canonical_bytes(document))) == document


def test_the_earlier_reference_document_is_refused_for_what_was_removed_since(acceptance_folder: Path) -> None:
    faults = _faults(_read(OLD))

    assert {fault.code for fault in faults} == {"deprecated"}
    assert {fault.path.rpartition(".")[2] for fault in faults} == {
        *("type", "elo", "rl_driven", "gmtrouter", "session_aware"),
    }


def _mutations() -> list[dict[str, Any]]:
    file = CASES / "derived" / "reject-mutations.json"
    changes = json.loads(file.read_text())["changes"] if file.exists() else []
    return [change for change in changes if change["path"].startswith("routing.decisions.0.plugins")]


@pytest.mark.parametrize("change", _mutations(), ids=lambda change: str(change["mentions"]))
def test_a_recorded_fault_of_a_plugin_is_named_at_its_place(acceptance_folder: Path, change: dict[str, Any]) -> None:
    (fault,) = _faults(deciding(plugins=change["value"]))

    assert fault.path.startswith(CONFIGURATION.partition("[0].configuration")[0])
    assert all(mention in str(fault) for mention in change["mentions"])
