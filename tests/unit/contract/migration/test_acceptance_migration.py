"""Recorded files: the migrations of the source project, its old files, and documents that need none."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract import ContractError, parse_text, parse_workspace
from contract.migration import migrate, remaining_faults
from tests.acceptance import FOLDER, cases

CASES = FOLDER / "semantic-router"
SCAFFOLD = {
    *("listeners", "providers", "routing", "routing.signals", "global"),
    *(f"global.{section}" for section in ("router", "services", "stores", "integrations", "model_catalog")),
    *("global.model_catalog.embeddings", "global.model_catalog.modules"),
    *(f"global.model_catalog.modules.{module}" for module in ("classifier", "hallucination_mitigation")),
}
STORES_ALONE = ("redis-cluster.yaml", "redis-simple.yaml", "milvus.yaml", "redis.yaml")
OLD_FILES = [path for path in cases("semantic-router/legacy/**/*.yaml") if path.name not in STORES_ALONE]
OTHERS = [path for path in cases("semantic-router/legacy/**/*.yaml") if path.name in STORES_ALONE]
PAIRS = cases("semantic-router/migration/*.in.yaml")
GOLDEN = cases("semantic-router/migration/legacy-out/**/*.yaml")
CANONICAL = [
    *cases("semantic-router/canonical/*.yaml"),
    *cases("semantic-router/recipes/*/config.yaml"),
    *cases("semantic-router/e2e-config/*.yaml"),
    *cases("semantic-router/contract-fixtures/accept/*.yaml"),
]


def _read(path: Path) -> dict[str, Any]:
    return dict(parse_text(path.read_bytes()))


def _id(path: Path) -> str:
    return str(path.relative_to(CASES))


def _without_scaffold(value: Any, path: str = "") -> Any:
    """The reference writes the sections that stay empty; they say nothing."""
    if not isinstance(value, dict):
        return value
    kept = {key: _without_scaffold(inner, f"{path}.{key}" if path else key) for key, inner in value.items()}
    return {
        key: inner
        for key, inner in kept.items()
        if inner not in ({}, []) or f"{path}.{key}".lstrip(".") not in SCAFFOLD
    }


@pytest.mark.parametrize("path", PAIRS, ids=_id)
def test_a_recorded_migration_comes_out_as_recorded(path: Path) -> None:
    expected = _read(path.with_name(path.name.replace(".in.", ".out.")))

    document = migrate(_read(path)).document

    assert _without_scaffold(document | {"version": "v0.3"}) == _without_scaffold(expected)


@pytest.mark.parametrize("path", OLD_FILES, ids=_id)
def test_every_old_file_that_describes_a_router_becomes_a_valid_document(path: Path) -> None:
    migration = migrate(_read(path))

    assert remaining_faults(migration.document) == ()
    assert migration.changed


@pytest.mark.parametrize("path", OTHERS, ids=_id)
def test_the_settings_of_a_store_alone_are_no_router_file(path: Path) -> None:
    with pytest.raises(ContractError) as refusal:
        migrate(_read(path))

    assert [fault.code for fault in refusal.value.faults] == ["not_canonical"]


def test_the_old_files_are_there(acceptance_folder: Path) -> None:
    assert (len(OLD_FILES), len(OTHERS), len(PAIRS)) == (37, 4, 12)


@pytest.mark.parametrize("path", GOLDEN, ids=_id)
def test_what_the_reference_tool_kept_is_kept_or_listed(path: Path) -> None:
    """The reference copies what v0.3 does not know; whatever of its output is not in ours has its note."""
    expected = _without_scaffold(_read(path))
    migration = migrate(_read(CASES / "legacy" / path.relative_to(CASES / "migration" / "legacy-out")))

    touched = {note.old_path for kind in ("moved", "dropped", "undecided") for note in getattr(migration, kind)}
    for place, value in _leaves(expected, ()):
        if _at(migration.document, place) != value:
            assert _is_noted(place, touched), place


@pytest.mark.parametrize("path", CANONICAL, ids=_id)
def test_a_valid_document_comes_back_as_it_is(path: Path) -> None:
    raw = _read(path)
    try:
        parse_workspace(raw)
    except ContractError:
        pytest.skip("is no valid document by itself")

    migration = migrate(raw)

    assert not migration.changed
    assert migration.document == raw
    assert (migration.moved, migration.dropped, migration.undecided) == ((), (), ())


@pytest.mark.parametrize("path", [*PAIRS, *OLD_FILES, *CANONICAL], ids=_id)
def test_a_migrated_document_needs_no_migration(path: Path) -> None:
    try:
        once = migrate(_read(path)).document
    except ContractError:
        pytest.skip("is no router's file")

    again = migrate(copy.deepcopy(once))

    assert again.document == once
    assert not again.changed


def test_the_reference_document_of_the_release_passes_after_its_migration(acceptance_folder: Path) -> None:
    raw = _read(CASES / "canonical" / "config.v0.3.0.yaml")

    migration = migrate(raw)

    assert remaining_faults(migration.document) == ()
    assert {note.old_path for note in migration.dropped} >= {"global.router.model_selection.elo"}


def _leaves(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = False
    for key, inner in pairs:
        found = True
        yield from _leaves(inner, (*place, key))
    if not found:
        yield place, value


def _at(document: Any, place: tuple[str | int, ...]) -> Any:
    for step in place:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _is_noted(place: tuple[str | int, ...], touched: set[str]) -> bool:
    """Whether a note speaks of the place, of what it lies in, or of the old section whose name it still bears."""
    names = [str(step) for step in place if isinstance(step, str)]
    notes = [_words(path) for path in touched]
    return any(words[: len(names)] == names[: len(words)] or words[-1] in names for words in notes)


def _words(path: str) -> list[str]:
    return [word.partition("[")[0] for word in path.split(".")]
