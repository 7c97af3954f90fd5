"""A rotation of the master key: everything is wrapped anew while the store goes on, and a killed one goes on too."""

from __future__ import annotations

import secrets
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from controlplane.domain.callers import ManagementCaller, Role
from controlplane.domain.errors import PermissionRefused, StateConflict
from controlplane.domain.keys import ConsumerKey
from controlplane.security.cipher import Cipher
from controlplane.security.keyring import KeyRing, MasterKey, UnknownMasterKey
from controlplane.security.mint import Mint
from controlplane.services.gatekeeper import Gatekeeper
from controlplane.services.master_keys import AT_ONCE, MasterKeyService, RotationProgress
from controlplane.services.publishing import Publisher
from controlplane.services.secrets import SecretKeeper
from controlplane.store import SqlStore
from controlplane.system import SystemClock, SystemRandom, UlidIds
from tests.contract.store.nouns import WORKSPACE, later

OLD, NEW = MasterKey(b"o" * 32), MasterKey(b"n" * 32)
PLATFORM = ManagementCaller("mk_1", "tn_1", Role.ADMIN, platform=True)
ORIGIN = "https://api.example.com"


@dataclass(frozen=True, slots=True)
class Under:
    """Everything that seals and opens, under one key ring."""

    keeper: SecretKeeper
    gatekeeper: Gatekeeper
    rotation: MasterKeyService


def under(store: SqlStore, *keys: MasterKey) -> Under:
    """The first key seals, the others only open."""
    vault = Cipher(KeyRing(keys[0], keys[1:]), secrets.token_bytes)
    ids, random, clock = UlidIds(), SystemRandom(), SystemClock()
    keeper = SecretKeeper(vault, ids, random, clock)
    gatekeeper = Gatekeeper(vault, Mint(random), Publisher(ids), clock)
    return Under(keeper, gatekeeper, MasterKeyService(store, vault, keeper))


async def fill(store: SqlStore, count: int = AT_ONCE + 5) -> None:
    """Two keys and so many secrets, all under the old master key."""
    old = under(store, OLD)
    async with store.unit_of_work() as work:
        workspace = await work.workspaces.lock(WORKSPACE.id)
        assert workspace is not None
        await old.keeper.new_delivery_key(work, workspace.id)
        await old.gatekeeper.add_key(work, workspace)
        for number in range(count):
            await old.keeper.keep(work, workspace.id, f"name-{number}", f"value-{number}", ORIGIN)


async def rotate(store: SqlStore, *keys: MasterKey) -> list[RotationProgress]:
    return [step async for step in under(store, *keys).rotation.rotate(PLATFORM)]


async def use_everything(store: SqlStore, *keys: MasterKey) -> bool:
    """Open every kind; whether the first secret is still recognised as the one that is stored."""
    ring = under(store, *keys)
    now = datetime.now(UTC)
    async with store.unit_of_work() as work:
        await work.workspaces.lock(WORKSPACE.id)
        await ring.keeper.delivery_key(work, WORKSPACE.id)
        await ring.gatekeeper.sign(work, ConsumerKey("ck_1", WORKSPACE.id, "alice", "", now, later(days=900)))
        return not await ring.keeper.keep(work, WORKSPACE.id, "name-0", "value-0", ORIGIN)


async def test_after_a_rotation_nothing_needs_the_former_key(store: SqlStore) -> None:
    await fill(store)

    steps = await rotate(store, NEW, OLD)

    assert [step.done for step in steps] == [False] * (len(steps) - 1) + [True]
    assert [step.wrapped for step in steps] == sorted(step.wrapped for step in steps)
    assert steps[-1].wrapped == steps[-1].total == AT_ONCE + 7
    assert steps[-1].fingerprint == NEW.fingerprint
    assert await use_everything(store, NEW)
    with pytest.raises(UnknownMasterKey, match=NEW.fingerprint):
        await use_everything(store, OLD)


async def test_before_and_while_it_runs_everything_opens_under_both_keys(store: SqlStore) -> None:
    await fill(store)
    assert await use_everything(store, NEW, OLD)

    async with aclosing(under(store, NEW, OLD).rotation.rotate(PLATFORM)) as steps:
        async for _ in steps:
            assert await use_everything(store, NEW, OLD)


async def test_a_rotation_that_was_killed_goes_on_where_it_stopped(store: SqlStore) -> None:
    await fill(store)
    async with aclosing(under(store, NEW, OLD).rotation.rotate(PLATFORM)) as steps:
        first = await anext(steps)
    assert 0 < first.wrapped < first.total

    again = await rotate(store, NEW, OLD)

    assert again[-1].done
    assert await use_everything(store, NEW)


async def test_a_value_under_a_key_that_the_ring_lacks_stops_it_and_the_key_is_named(store: SqlStore) -> None:
    await fill(store, 1)

    with pytest.raises(StateConflict, match=OLD.fingerprint):
        await rotate(store, NEW)

    assert await use_everything(store, OLD)


async def test_only_a_platform_key_may_rotate(store: SqlStore) -> None:
    caller = ManagementCaller("mk_2", "tn_1", Role.ADMIN)

    with pytest.raises(PermissionRefused):
        [step async for step in under(store, NEW, OLD).rotation.rotate(caller)]


async def test_a_rotation_is_audited_with_the_keys_fingerprint_alone(store: SqlStore) -> None:
    await rotate(store, NEW, OLD)

    async with store.reading() as work:
        (record,) = await work.audit.chain("tn_1", 0, 10)
    assert (record.action, record.subject) == ("master_key.rotate", NEW.fingerprint)
