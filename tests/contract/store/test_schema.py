"""Migrations make exactly the schema that the code speaks of, and the hot questions are answered by its indexes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Executable, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from controlplane.services.ports import EventsToProcess
from controlplane.store.repositories import configurations, events, slot_queries
from controlplane.store.tables import NEWEST, UNREVOKED, dataplanes, metadata, slot_values
from controlplane.store.tables import configurations as configurations_table
from controlplane.store.urls import store_url as to_store_url
from tests.contract.store.nouns import NOW

HOT: list[tuple[str, Select[Any]]] = [
    ("configurations_newest_by_revision", configurations.changed_since("ws_1", 5)),
    ("configurations_by_user_revision", configurations.versions_at("ws_1", 5, ["alice"])),
    (
        "configurations_one_newest",
        select(configurations_table.c.version).where(
            configurations_table.c.workspace_id == "w", configurations_table.c.user_id == "u", NEWEST
        ),
    ),
    (
        "slot_values_by_revision",
        select(slot_values).where(slot_values.c.workspace_id == "w", slot_values.c.revision > 5),
    ),
    ("configurations_newest_by_revision", slot_queries.configurations_since("ws_1", 5)),
    ("slot_values_by_revision", slot_queries.values_since("ws_1", "dp_1", 5)),
    ("slot_states_deviating", slot_queries.deviating("dp_1")),
    ("configurations_by_user_revision", slot_queries.applied_at("ws_1", 5, ["alice"])),
    ("events_pending_by_cursor", events.pending_since("ws_1", 5)),
    ("events_live_in_workspace", events.to_process(EventsToProcess("ws_1"), NOW, "").limit(10)),
    ("events_leased", events.lapsed(NOW, 10)),
    ("events_waiting", events.due(NOW, 10)),
    ("events_live_in_workspace", events.page("ws_1", "", "", "", finished=False).limit(10)),
    ("events_of_workspace", events.page("ws_1", "", "", "", finished=True).limit(10)),
    ("dataplanes_unrevoked", select(dataplanes.c.id).where(dataplanes.c.workspace_id == "w", UNREVOKED)),
]


async def _explained(connection: AsyncConnection, query: Executable) -> str:
    compiled = query.compile(  # type: ignore[attr-defined]
        dialect=connection.dialect, compile_kwargs={"literal_binds": False, "render_postcompile": True}
    )
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    parameters = compiled.construct_params()
    values = {name: _bound(compiled, name, value, connection) for name, value in parameters.items()}
    given = tuple(values[name] for name in compiled.positiontup) if compiled.positional else values
    rows = await connection.exec_driver_sql(explain + str(compiled), given)
    return "\n".join(" ".join(map(str, row)) for row in rows)


def _bound(compiled: Any, name: str, value: Any, connection: AsyncConnection) -> Any:
    process = compiled._bind_processors.get(name)
    return process(value) if process else value


@pytest.mark.parametrize(("index", "query"), HOT, ids=[index for index, _ in HOT])
async def test_a_hot_question_is_answered_by_its_index(store_url: str, index: str, query: Select[Any]) -> None:
    engine = create_async_engine(to_store_url(store_url))
    async with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            # An empty table is read whole, whatever its indexes; ask which index it would take if it were not.
            await connection.exec_driver_sql("SET enable_seqscan = off")
            await connection.exec_driver_sql("SET enable_bitmapscan = off")
        plan = await _explained(connection, query)
    await engine.dispose()

    assert re.search(rf"\b{index}\b", plan), plan
    assert "SCAN events" not in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


async def test_migrations_make_the_schema_of_the_code(store_url: str) -> None:
    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    engine = create_async_engine(to_store_url(store_url))
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()

    assert found == []


async def test_conditions_of_partial_indexes_are_those_of_the_code(store_url: str) -> None:
    """Alembic compares neither conditions nor uniqueness of partial indexes on SQLite."""
    engine = create_async_engine(to_store_url(store_url))
    async with engine.connect() as connection:
        kind = connection.dialect.name
        question = (
            "SELECT name, sql AS definition FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            if kind == "sqlite"
            else "SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE schemaname = 'public'"
        )
        rows = (await connection.exec_driver_sql(question)).mappings()
        made = {str(row["name"]): str(row["definition"]) for row in rows}
    await engine.dispose()

    for table in metadata.tables.values():
        for index in table.indexes:
            definition = made[str(index.name)]
            condition = index.dialect_options[kind]["where"]
            assert ("UNIQUE" in definition) == bool(index.unique), index.name
            assert ("WHERE" in definition) == (condition is not None), index.name
