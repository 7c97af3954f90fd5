"""Data planes, join tokens and slot states are kept alike by every store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controlplane.domain.dataplanes import AgentReport, Boot
from controlplane.domain.errors import AlreadyExists, NotFound
from controlplane.services.ports import Sighting
from controlplane.store import SqlStore
from tests.contract.store.nouns import NOW, REPORT, dataplane, join_token, later, slot_state


async def test_a_data_plane_comes_back_as_it_was(store: SqlStore) -> None:
    stored = dataplane("dp_9", boot=Boot(2**40, "nonce"), report=REPORT, last_seen_at=NOW, applied_revision=2**40)
    async with store.unit_of_work() as work:
        await work.dataplanes.add(stored)

    async with store.reading() as work:
        assert await work.dataplanes.get("dp_9") == stored
        assert await work.dataplanes.get("dp_1") == dataplane("dp_1")
        assert await work.dataplanes.get("dp_8") is None
        found = await work.dataplanes.by_ids(["dp_9", "dp_8", "dp_1"])
        assert sorted(found, key=lambda each: each.id) == [dataplane("dp_1"), stored]


async def test_a_data_plane_of_no_workspace_is_refused(store: SqlStore) -> None:
    with pytest.raises(NotFound):
        async with store.unit_of_work() as work:
            await work.dataplanes.add(dataplane("dp_9", workspace_id="ws_9"))


async def test_data_planes_are_paged_by_id_revoked_ones_too(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.dataplanes.add(dataplane("dp_3"))
        await work.dataplanes.revoke("dp_2", NOW)

    async with store.reading() as work:
        first = await work.dataplanes.page("ws_1", "", 2)
        second = await work.dataplanes.page("ws_1", "dp_2", 2)
        live = await work.dataplanes.live_ids("ws_1")

    assert first == [dataplane("dp_1"), dataplane("dp_2", revoked_at=NOW)]
    assert second == [dataplane("dp_3")]
    assert live == ["dp_1", "dp_3"]


async def test_a_second_revocation_keeps_the_first_time(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.dataplanes.revoke("dp_1", NOW)
        await work.dataplanes.revoke("dp_1", later(hours=1))

    async with store.reading() as work:
        assert await work.dataplanes.get("dp_1") == dataplane("dp_1", revoked_at=NOW)


async def test_a_boot_replaces_the_one_before(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.dataplanes.set_boot("dp_1", Boot(1, "a"))
        await work.dataplanes.set_boot("dp_1", Boot(2, "b"))

    async with store.reading() as work:
        assert await work.dataplanes.get("dp_1") == dataplane("dp_1", boot=Boot(2, "b"))


async def test_the_applied_revision_never_goes_back(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        for revision in (5, 3, 5):
            await work.dataplanes.raise_applied_revision("dp_1", revision)

    async with store.reading() as work:
        assert await work.dataplanes.get("dp_1") == dataplane("dp_1", applied_revision=5)


async def test_sightings_of_many_are_saved_together(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.dataplanes.save_sightings([])
        await work.dataplanes.save_sightings(
            [Sighting("dp_2", later(seconds=2), REPORT), Sighting("dp_1", later(seconds=1), AgentReport("1"))]
        )

    async with store.reading() as work:
        page = await work.dataplanes.page("ws_1", "", 2)

    assert page == [
        dataplane("dp_1", last_seen_at=later(seconds=1), report=AgentReport("1")),
        dataplane("dp_2", last_seen_at=later(seconds=2), report=REPORT),
    ]


async def test_an_older_sighting_never_hides_a_newer_one(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.dataplanes.save_sightings([Sighting("dp_1", later(seconds=5), AgentReport("new"))])
        await work.dataplanes.save_sightings([Sighting("dp_1", later(seconds=4), AgentReport("old"))])

    async with store.reading() as work:
        seen = await work.dataplanes.get("dp_1")

    assert seen == dataplane("dp_1", last_seen_at=later(seconds=5), report=AgentReport("new"))


async def test_a_slot_state_is_replaced_by_the_next_one(store: SqlStore) -> None:
    states = [slot_state("dp_2", "config/"), slot_state("dp_1", "proxy_url"), slot_state("dp_1", "config/")]
    async with store.unit_of_work() as work:
        for state in states:
            await work.dataplanes.put_slot_state(state)
        await work.dataplanes.put_slot_state(replace(states[0], applied_version=4, applied_at=None))

    async with store.reading() as work:
        found = await work.dataplanes.slot_states(["dp_2", "dp_1", "dp_9"])
        one = await work.dataplanes.slot_state("dp_1", "proxy_url")
        missing = await work.dataplanes.slot_state("dp_1", "upgrade")

    assert found == [states[2], states[1], replace(states[0], applied_version=4, applied_at=None)]
    assert one == states[1]
    assert missing is None


async def test_a_join_token_is_found_by_its_hash(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.dataplanes.add_join_token(join_token("jt_1"))

    async with store.reading() as work:
        assert await work.dataplanes.join_token_by_hash("hash of jt_1") == join_token("jt_1")
        assert await work.dataplanes.join_token_by_hash("hash of jt_2") is None


async def test_a_hash_belongs_to_one_join_token(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.dataplanes.add_join_token(join_token("jt_1"))

    with pytest.raises(AlreadyExists):
        async with store.unit_of_work() as work:
            await work.dataplanes.add_join_token(join_token("jt_2", token_hash="hash of jt_1"))


async def test_an_expired_or_unknown_join_token_is_of_no_use(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.dataplanes.add_join_token(join_token("jt_1", expires_at=NOW))

        assert not await work.dataplanes.use_join_token("jt_1", NOW)
        assert not await work.dataplanes.use_join_token("jt_2", NOW)
        assert await work.dataplanes.use_join_token("jt_1", NOW - timedelta(microseconds=1))


@pytest.mark.parametrize("max_uses", [1, 7])
async def test_of_fifty_uses_at_once_exactly_as_many_succeed_as_the_token_allows(
    store: SqlStore, max_uses: int
) -> None:
    async with store.unit_of_work() as work:
        await work.dataplanes.add_join_token(join_token("jt_1", max_uses=max_uses))

    async def use() -> bool:
        async with store.unit_of_work() as work:
            return await work.dataplanes.use_join_token("jt_1", NOW)

    succeeded = sum(await asyncio.gather(*(use() for _ in range(50))))

    async with store.reading() as work:
        token = await work.dataplanes.join_token_by_hash("hash of jt_1")
    assert succeeded == max_uses
    assert token == join_token("jt_1", max_uses=max_uses, uses=max_uses)


async def test_join_tokens_are_listed_by_id_and_those_that_may_be_used_alone(store: SqlStore) -> None:
    usable = [join_token("jt_1", created_by="mk_1"), join_token("jt_2", max_uses=2, uses=1)]
    ended = [join_token("jt_3", uses=1), join_token("jt_4", expires_at=NOW), join_token("jt_5")]
    async with store.unit_of_work() as work:
        for token in (*ended, *usable):
            await work.dataplanes.add_join_token(token)
        await work.dataplanes.revoke_join_token("jt_5", NOW)
        await work.dataplanes.revoke_join_token("jt_5", later(hours=1))

    async with store.unit_of_work() as work:
        assert await work.dataplanes.join_tokens("ws_1", "", 9, NOW) == usable
        assert await work.dataplanes.join_tokens("ws_1", "jt_1", 2, None) == [usable[1], ended[0]]
        assert await work.dataplanes.join_tokens("ws_2", "", 9, None) == []
        assert await work.dataplanes.join_token("jt_5") == replace(ended[2], revoked_at=NOW)
        assert await work.dataplanes.join_token("jt_6") is None
        assert not await work.dataplanes.use_join_token("jt_5", NOW)


async def test_a_lost_ledger_is_news_once_a_boot(store: SqlStore) -> None:
    async def note(boot: int) -> bool:
        async with store.unit_of_work() as work:
            return await work.dataplanes.note_lost_ledger("dp_1", boot)

    assert sorted(await asyncio.gather(*(note(3) for _ in range(4)))) == [False, False, False, True]
    assert [await note(2), await note(4), await note(4)] == [False, True, False]


async def test_that_everything_is_wanted_is_remembered_until_it_is_not(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.dataplanes.want_everything("dp_1", 7)
        locked = await work.dataplanes.lock("dp_1")
        assert await work.dataplanes.lock("dp_9") is None
    assert locked is not None
    assert locked.wanted_revision == 7

    async with store.unit_of_work() as work:
        await work.dataplanes.want_everything("dp_1", 0)
    async with store.reading() as work:
        assert await work.dataplanes.get("dp_1") == dataplane("dp_1")
