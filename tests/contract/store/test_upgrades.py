"""Upgrades come back whole, on every database, and those whose credentials are over are found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controlplane.domain.errors import AlreadyExists
from controlplane.domain.upgrades import Upgrade, UpgradePhase
from controlplane.store import SqlStore
from tests.contract.store.nouns import NOW, WORKSPACE, later

FIRST = Upgrade(
    "evt_1",
    WORKSPACE.id,
    "dp_1",
    1,
    UpgradePhase.REQUESTED,
    "ü",
    "r'; --",
    "u",
    b"\0sealed",
    NOW,
    "",
    NOW,
    later(days=1),
)


async def _add(store: SqlStore, *upgrades: Upgrade) -> None:
    async with store.unit_of_work() as work:
        for upgrade in upgrades:
            await work.upgrades.add(upgrade)


async def test_an_upgrade_comes_back_as_it_was_added_and_changed(store: SqlStore) -> None:
    await _add(store, FIRST)
    changed = replace(FIRST, phase=UpgradePhase.FAILED, error="why", expires_at=None).wiped()
    async with store.unit_of_work() as work:
        assert await work.upgrades.get("evt_1") == FIRST
        await work.upgrades.save(changed)

    async with store.reading() as work:
        assert await work.upgrades.get("evt_1") == changed
        assert await work.upgrades.get("evt_2") is None


async def test_the_latest_is_the_one_with_the_greatest_number(store: SqlStore) -> None:
    second = replace(FIRST, event_id="evt_0", number=2)
    await _add(store, FIRST, second)

    async with store.reading() as work:
        assert await work.upgrades.latest("dp_1") == second
        assert await work.upgrades.latest("dp_2") is None


async def test_a_number_is_given_once(store: SqlStore) -> None:
    with pytest.raises(AlreadyExists):
        await _add(store, FIRST, replace(FIRST, event_id="evt_2"))


async def test_only_credentials_that_are_still_there_expire(store: SqlStore) -> None:
    wiped = replace(FIRST, event_id="evt_2", number=2, expires_at=NOW).wiped()
    lasting = replace(FIRST, event_id="evt_3", number=3, expires_at=later(hours=1))
    await _add(store, FIRST, wiped, lasting)

    async with store.reading() as work:
        assert await work.upgrades.expired(NOW, 10) == [FIRST]
        assert await work.upgrades.expired(later(hours=2), 1) == [FIRST]
