"""The audit's chain in a database: appended without forks, read back as written, and every meddling is found."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text

from controlplane.domain.audit import AuditRecord, Break, ChainCheck
from controlplane.services.ports import AuditFilter
from controlplane.store import SqlStore
from tests.contract.store.nouns import NOW

RECORD = AuditRecord("tn_1", 0, NOW, "mk_1", "document.put", "ws_1", "document/ü", "grpc 127.0.0.1:5", {"a": "\0 'x'"})


async def append(store: SqlStore, count: int = 1, **changes: Any) -> list[AuditRecord]:
    """So many records, each in a transaction of its own."""
    made = []
    for number in range(count):
        async with store.unit_of_work() as work:
            made.append(await work.audit.append(replace(RECORD, **({"subject": f"document/{number}"} | changes))))
    return made


async def verified(store: SqlStore, tenant_id: str = "tn_1") -> Break | None:
    """What a walk over the whole chain finds."""
    check = ChainCheck()
    async with store.reading() as work:
        for record in await work.audit.chain(tenant_id, 0, 1000):
            if broken := check.follow(record):
                return broken
        return check.end(await work.audit.head(tenant_id))


def meddle(url: str, *statements: str) -> None:
    """Change the database behind our back."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


async def test_records_come_back_as_they_were_written_in_one_chain_a_tenant(store: SqlStore) -> None:
    first, second = await append(store, 2)
    (other,) = await append(store, tenant_id="tn_2")

    async with store.reading() as work:
        found = await work.audit.chain("tn_1", 0, 10)
        newest = await work.audit.page(AuditFilter("tn_1"), 0, 10)

    assert found == [first, second]
    assert newest == [second, first]
    assert (first.sequence, second.sequence, other.sequence) == (1, 2, 1)
    assert first.hash != other.hash
    assert await verified(store) is None


async def test_a_list_is_narrowed_by_workspace_actor_action_and_place(store: SqlStore) -> None:
    await append(store, 3)
    await append(store, actor="mk_2", action="key.revoke", workspace_id="")

    async def places(before: int = 0, **narrow: object) -> list[int]:
        async with store.reading() as work:
            found = await work.audit.page(AuditFilter("tn_1", **narrow), before, 2)  # type: ignore[arg-type]
        return [record.sequence for record in found]

    assert await places() == [4, 3]
    assert await places(before=3) == [2, 1]
    assert await places(workspace_ids=["ws_1"]) == [3, 2]
    assert await places(workspace_ids=[]) == []
    assert await places(actor="mk_2") == [4]
    assert await places(action="key.revoke") == [4]
    assert await places(actor="mk_1", action="key.revoke") == []


async def test_many_at_once_never_fork_the_chain(store: SqlStore) -> None:
    await asyncio.gather(*(append(store, 3) for _ in range(6)))

    async with store.reading() as work:
        found = await work.audit.chain("tn_1", 0, 100)
    assert [record.sequence for record in found] == list(range(1, 19))
    assert await verified(store) is None


async def test_what_is_rolled_back_leaves_no_record_and_no_gap(store: SqlStore) -> None:
    with pytest.raises(RuntimeError):  # noqa: PT012 - it has to be raised inside the unit of work
        async with store.unit_of_work() as work:
            await work.audit.append(RECORD)
            raise RuntimeError("the mutation failed")

    (record,) = await append(store)
    assert record.sequence == 1
    assert await verified(store) is None


@pytest.mark.parametrize(
    ("statements", "sequence", "words"),
    [
        (["UPDATE audit_records SET actor = 'mk_9' WHERE sequence = 2"], 2, "not as it was written"),
        (["UPDATE audit_records SET details = '{}' WHERE sequence = 4"], 4, "not as it was written"),
        (["UPDATE audit_records SET details = 'gone' WHERE sequence = 4"], 4, "not as it was written"),
        (["DELETE FROM audit_records WHERE sequence = 1"], 1, "missing"),
        (["DELETE FROM audit_records WHERE sequence = 3"], 3, "missing"),
        (["DELETE FROM audit_records WHERE sequence > 3"], 4, "missing from the end"),
        (["DELETE FROM audit_records"], 1, "missing from the end"),
        (["DELETE FROM audit_heads"], 4, "head of the chain is missing"),
        (["UPDATE audit_heads SET sequence = 2"], 3, "a record follows it"),
        (["UPDATE audit_heads SET hash = 'x'"], 4, "not the one that the head"),
        (
            [
                "UPDATE audit_records SET sequence = 99 WHERE sequence = 2",
                "UPDATE audit_records SET sequence = 2 WHERE sequence = 3",
                "UPDATE audit_records SET sequence = 3 WHERE sequence = 99",
            ],
            2,
            "not as it was written",
        ),
    ],
)
async def test_whatever_is_done_to_the_rows_the_chain_says_where(
    store: SqlStore, store_url: str, statements: list[str], sequence: int, words: str
) -> None:
    await append(store, 4)

    meddle(store_url, *statements)

    broken = await verified(store)
    assert broken is not None
    assert broken.sequence == sequence
    assert words in broken.problem


async def test_a_record_rewritten_with_a_fitting_hash_shows_at_the_next_one(store: SqlStore, store_url: str) -> None:
    first, second, _ = await append(store, 3)
    forged = replace(second, actor="mk_9")
    forged = replace(forged, hash=forged.hash_after(first.hash))

    meddle(
        store_url,
        "UPDATE audit_records SET actor = 'mk_9' WHERE sequence = 2",
        f"UPDATE audit_records SET hash = '{forged.hash}' WHERE sequence = 2",  # noqa: S608 - hex of our own
    )

    broken = await verified(store)
    assert broken is not None
    assert broken.sequence == 3
