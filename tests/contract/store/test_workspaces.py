"""Tenants, workspaces and counters are kept alike by every store."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from controlplane.domain.errors import AlreadyExists, NotFound
from controlplane.store import SqlStore
from tests.contract.store.nouns import TENANT, WORKSPACE


async def test_a_tenant_is_found_by_its_name(store: SqlStore) -> None:
    async with store.reading() as work:
        assert await work.workspaces.tenant_by_name("acme") == TENANT
        assert await work.workspaces.tenant_by_name("Acme") is None


async def test_a_taken_tenant_name_is_refused(store: SqlStore) -> None:
    with pytest.raises(AlreadyExists, match="another name"):
        async with store.unit_of_work() as work:
            await work.workspaces.add_tenant(replace(TENANT, id="tn_2"))


async def test_a_taken_workspace_name_is_refused_within_its_tenant_only(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.workspaces.add_tenant(replace(TENANT, id="tn_2", name="other"))
        await work.workspaces.add(replace(WORKSPACE, id="ws_2", tenant_id="tn_2"))

    with pytest.raises(AlreadyExists):
        async with store.unit_of_work() as work:
            await work.workspaces.add(replace(WORKSPACE, id="ws_3"))


async def test_a_taken_name_does_not_spoil_the_unit_of_work(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        with pytest.raises(AlreadyExists):
            await work.workspaces.add_tenant(replace(TENANT, id="tn_2"))
        await work.workspaces.add_tenant(replace(TENANT, id="tn_3", name="third"))

    async with store.reading() as work:
        assert await work.workspaces.tenant_by_name("third") is not None


async def test_a_workspace_is_found_by_id_and_by_name(store: SqlStore) -> None:
    async with store.reading() as work:
        assert await work.workspaces.get("ws_1") == WORKSPACE
        assert await work.workspaces.by_name("tn_1", "main") == WORKSPACE
        assert await work.workspaces.get("ws_2") is None
        assert await work.workspaces.by_name("tn_2", "main") is None


async def test_a_workspace_of_no_tenant_is_refused(store: SqlStore) -> None:
    with pytest.raises(NotFound):
        async with store.unit_of_work() as work:
            await work.workspaces.add(replace(WORKSPACE, id="ws_2", tenant_id="tn_missing", name="x"))


async def test_workspaces_are_paged_by_id_within_a_tenant(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.workspaces.add_tenant(replace(TENANT, id="tn_2", name="other"))
        for number in (4, 2, 3):
            await work.workspaces.add(replace(WORKSPACE, id=f"ws_{number}", name=f"n{number}"))
        await work.workspaces.add(replace(WORKSPACE, id="ws_5", tenant_id="tn_2"))

    async with store.reading() as work:
        first = await work.workspaces.page("tn_1", None, "", 3)
        second = await work.workspaces.page("tn_1", None, "ws_3", 3)
        chosen = await work.workspaces.page("tn_1", ["ws_4", "ws_2", "ws_5", "ws_9"], "", 10)
        none = await work.workspaces.page("tn_1", [], "", 10)

    assert [each.id for each in first] == ["ws_1", "ws_2", "ws_3"]
    assert [each.id for each in second] == ["ws_4"]
    assert [each.id for each in chosen] == ["ws_2", "ws_4"]
    assert none == []


async def test_ids_sort_by_their_bytes_and_not_by_a_locale(store: SqlStore) -> None:
    names = ["ws_Z", "ws_a", "ws_É", "ws_z", "ws_𝔘", "ws_-"]
    async with store.unit_of_work() as work:
        for name in names:
            await work.workspaces.add(replace(WORKSPACE, id=name, name=name))

    async with store.reading() as work:
        page = await work.workspaces.page("tn_1", None, "", 10)

    assert [each.id for each in page] == sorted([*names, "ws_1"])


async def test_a_revision_is_one_more_than_the_last(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        taken = [await work.workspaces.take_revision("ws_1") for _ in range(3)]

    async with store.reading() as work:
        workspace = await work.workspaces.get("ws_1")

    assert taken == [1, 2, 3]
    assert workspace == replace(WORKSPACE, revision=3)


async def test_cursors_are_taken_in_a_block_whose_first_is_returned(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        assert await work.workspaces.take_cursors("ws_1", 5) == 1
        assert await work.workspaces.take_cursors("ws_1", 2) == 6

    async with store.reading() as work:
        assert await work.workspaces.get("ws_1") == replace(WORKSPACE, event_cursor=7)


async def test_counters_of_no_workspace_are_not_found(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        with pytest.raises(NotFound):
            await work.workspaces.take_revision("ws_9")
        with pytest.raises(NotFound):
            await work.workspaces.take_cursors("ws_9", 1)
        assert await work.workspaces.lock("ws_9") is None


async def test_revisions_of_many_writers_have_no_gap_and_are_committed_in_their_order(store: SqlStore) -> None:
    committed: list[int] = []

    async def take() -> None:
        async with store.unit_of_work() as work:
            revision = await work.workspaces.take_revision("ws_1")
            await asyncio.sleep(0)
            committed.append(revision)  # nobody else can hold the row here

    await asyncio.gather(*(take() for _ in range(20)))

    assert committed == list(range(1, 21))


async def test_a_reader_sees_revisions_only_in_their_order(store: SqlStore) -> None:
    seen: list[int] = []

    async def take() -> None:
        async with store.unit_of_work() as work:
            await work.workspaces.take_revision("ws_1")

    async def watch() -> None:
        while not seen or seen[-1] < 20:
            async with store.reading() as work:
                workspace = await work.workspaces.get("ws_1")
            assert workspace is not None
            seen.append(workspace.revision)

    await asyncio.gather(watch(), *(take() for _ in range(20)))

    assert seen == sorted(seen)


async def test_a_locked_workspace_is_held_against_the_next_writer(store: SqlStore) -> None:
    order: list[str] = []
    locked = asyncio.Event()

    async def first() -> None:
        async with store.unit_of_work() as work:
            await work.workspaces.lock("ws_1")
            locked.set()
            await asyncio.sleep(0.05)
            order.append("first")

    async def second() -> None:
        await locked.wait()
        async with store.unit_of_work() as work:
            assert await work.workspaces.lock("ws_1") == WORKSPACE
            order.append("second")

    await asyncio.gather(second(), first())

    assert order == ["first", "second"]
