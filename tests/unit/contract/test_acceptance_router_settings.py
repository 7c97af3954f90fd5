"""The section `global` of every document recorded outside, judged by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contract import ContractError, Fault, canonical_bytes, parse_text, parse_workspace
from tests.acceptance import cases

LEARNING = frozenset({"session_aware", "model_switch_gate", "lookup_tables", "elo"})
GOOD = ("canonical/*.yaml", "e2e-config/**/*.yaml", "recipes/**/config.yaml", "k8s-crd-golden/**/*.yaml")
GOOD_ALSO = ("contract-fixtures/accept/*.yaml", "migration/*.out.yaml")
FILES = [file for pattern in (*GOOD, *GOOD_ALSO) for file in cases(f"semantic-router/{pattern}")]
MIGRATED = cases("semantic-router/migration/legacy-out/**/*.yaml")


def _name(file: Path) -> str:
    return "/".join(file.parts[-3:])


def _global_of(file: Path) -> dict[str, Any] | None:
    try:
        raw = parse_text(file.read_bytes())
    except ContractError:
        return None
    section = raw.get("global") if isinstance(raw, dict) else None
    return section if isinstance(section, dict) else None


def _faults(section: dict[str, Any]) -> tuple[Fault, ...]:
    try:
        parse_workspace({"version": "v0.3", "global": section})
    except ContractError as refusal:
        return refusal.faults
    return ()


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_the_section_of_a_good_document_is_accepted(acceptance_folder: Path, file: Path) -> None:
    section = _global_of(file)
    if section is None:
        pytest.skip("has no section global")

    found = {fault.path.rsplit(".", 1)[1] for fault in _faults(section)}

    assert found == (LEARNING if file.name == "config.v0.3.0.yaml" else set())


@pytest.mark.parametrize("file", MIGRATED, ids=_name)
def test_what_the_reference_migration_leaves_behind_is_only_deprecated(acceptance_folder: Path, file: Path) -> None:
    section = _global_of(file)
    if section is None:
        pytest.skip("has no section global")

    assert {fault.code for fault in _faults(section)} <= {"deprecated"}


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_the_section_survives_its_canonical_form(acceptance_folder: Path, file: Path) -> None:
    section = _global_of(file)
    if section is None or _faults(section):
        pytest.skip("has no good section global")

    written = canonical_bytes(parse_workspace({"version": "v0.3", "global": section}))

    assert canonical_bytes(parse_workspace(json.loads(written))) == written
