"""What every store lets go after its time, and what it never does."""

from __future__ import annotations

import pytest

from controlplane.domain.events import EventStatus
from controlplane.services.ports import ConfigurationFilter
from controlplane.store import SqlStore
from tests.contract.store.nouns import NOW, acknowledged, configuration, event, later, tombstone

CUTOFF = later(days=30)


async def _versions(store: SqlStore, user_id: str = "") -> list[int]:
    async with store.reading() as work:
        everything = ConfigurationFilter("ws_1", user_id, history=True)
        found = await work.configurations.page(everything, None, 100, documents=False)
    return sorted(each.version for each in found)


async def test_superseded_versions_go_and_the_newest_stays_a_tombstone_too(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        for version in (1, 2, 3):
            await work.configurations.add(configuration(version, version, created_at=NOW))
        await work.configurations.add(configuration(1, 4, "ann", created_at=NOW))
        await work.configurations.add(tombstone(2, 5, "ann"))
        await work.dataplanes.raise_applied_revision("dp_1", 5)
        await work.dataplanes.raise_applied_revision("dp_2", 5)

    async with store.unit_of_work() as work:
        assert await work.configurations.purge_outdated(CUTOFF, 100) == 3

    assert (await _versions(store), await _versions(store, "ann")) == ([3], [2])


async def test_the_version_that_a_live_data_plane_still_applies_stays(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        for version in (1, 2, 3, 4):
            await work.configurations.add(configuration(version, version * 2, created_at=NOW))
        await work.dataplanes.raise_applied_revision("dp_1", 5)  # in its second version since revision 4
        await work.dataplanes.raise_applied_revision("dp_2", 7)
        await work.dataplanes.revoke("dp_2", NOW)

    async with store.unit_of_work() as work:
        await work.configurations.purge_outdated(CUTOFF, 100)

    assert await _versions(store) == [2, 4]


async def test_what_is_young_stays_and_a_batch_has_its_limit(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        for version in (1, 2, 3):
            await work.configurations.add(configuration(version, version, created_at=later(days=version * 20)))
        for version in (1, 2, 3):
            await work.configurations.add(configuration(version, 3 + version, "ann", created_at=NOW))

    async with store.unit_of_work() as work:
        assert await work.configurations.purge_outdated(later(days=30), 2) == 2
        assert await work.configurations.purge_outdated(later(days=30), 2) == 1
        assert await work.configurations.purge_outdated(later(days=30), 2) == 0

    assert await _versions(store) == [2, 3]


@pytest.mark.parametrize("status", [each for each in EventStatus if not event(1, status=each).live])
async def test_finished_events_go_and_live_ones_stay_however_old(store: SqlStore, status: EventStatus) -> None:
    async with store.unit_of_work() as work:
        await work.events.add(
            [
                event(1, status=status, completed_at=NOW),
                event(2, status=status, completed_at=later(days=31)),
                event(3, completed_at=NOW),
                acknowledged(4, completed_at=NOW),
            ]
        )

    async with store.unit_of_work() as work:
        assert await work.events.purge_finished(CUTOFF, 100) == 1

    async with store.reading() as work:
        left = await work.events.page("ws_1", "", "", "", 10, finished=True)
    assert [each.id for each in left] == ["ev_0004", "ev_0003", "ev_0002"]


async def test_finished_events_go_oldest_first(store: SqlStore) -> None:
    done = [event(n, status=EventStatus.APPLIED, completed_at=later(hours=-n)) for n in (1, 2, 3)]
    async with store.unit_of_work() as work:
        await work.events.add(done)
        assert await work.events.purge_finished(CUTOFF, 2) == 2
        assert await work.events.get("ev_0001") is not None
