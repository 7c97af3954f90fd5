"""Revocations and values of single data planes are stored alike by every store."""

from __future__ import annotations

from datetime import datetime

from controlplane.domain.revocations import Revocation
from controlplane.store import SqlStore
from tests.contract.store.nouns import NOW, dataplane, gatekeeper_key, later, secret, slot_value


def revocation(jti: str, revision: int, expires_at: datetime = NOW) -> Revocation:
    """A revoked key of the first workspace."""
    return Revocation("ws_1", jti, expires_at, revision, "lost laptop", NOW)


async def test_revocations_are_found_by_key_and_by_revision(store: SqlStore) -> None:
    first, second = revocation("ck_b", 3), revocation("ck_a", 7, later(days=1))
    async with store.unit_of_work() as work:
        for each in (second, first):
            await work.revocations.put(each)

    async with store.reading() as work:
        assert await work.revocations.get("ws_1", "ck_a") == second
        assert await work.revocations.get("ws_1", "ck_c") is None
        assert await work.revocations.get("ws_2", "ck_a") is None
        assert await work.revocations.of("ws_1", ["ck_a", "ck_b", "ck_c"]) == {"ck_a": second, "ck_b": first}
        assert await work.revocations.of("ws_2", ["ck_a"]) == {}
        assert await work.revocations.changed_since("ws_1", 0) == [first, second]
        assert await work.revocations.changed_since("ws_1", 3) == [second]
        assert await work.revocations.changed_since("ws_2", 0) == []
        assert await work.revocations.newest_revision("ws_1") == 7
        assert await work.revocations.newest_revision("ws_2") == 0


async def test_a_revocation_of_the_same_key_replaces_the_one_before(store: SqlStore) -> None:
    longer = revocation("ck_a", 9, later(days=30))
    async with store.unit_of_work() as work:
        await work.revocations.put(revocation("ck_a", 2))
        await work.revocations.put(longer)

    async with store.reading() as work:
        assert await work.revocations.changed_since("ws_1", 0) == [longer]


async def test_purging_drops_what_ended_but_never_the_newest(store: SqlStore) -> None:
    ended, lives, newest = revocation("a", 1), revocation("b", 2, later(days=9)), revocation("c", 3)
    async with store.unit_of_work() as work:
        for each in (ended, lives, newest):
            await work.revocations.put(each)
        assert await work.revocations.purge(later(days=1)) == 1

    async with store.reading() as work:
        assert await work.revocations.changed_since("ws_1", 0) == [lives, newest]


async def test_a_data_planes_value_and_the_workspaces_own_do_not_meet(store: SqlStore) -> None:
    common = slot_value("proxy_url", 1, 1)
    own = slot_value("proxy_url", 4, 2, dataplane_id="dp_1")
    async with store.unit_of_work() as work:
        for each in (common, own):
            await work.values.put(each)

    async with store.reading() as work:
        assert await work.values.newest("ws_1", "proxy_url") == common
        assert await work.values.newest("ws_1", "proxy_url", "dp_1") == own
        assert await work.values.newest("ws_1", "proxy_url", "dp_2") is None
        assert await work.values.changed_since("ws_1", 0) == [common, own]


async def test_a_retired_gatekeeper_key_signs_and_verifies_no_more(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        for kid, at in (("k1", NOW), ("k2", later(seconds=1))):
            await work.secrets.add_gatekeeper_key(gatekeeper_key(kid, at))
        await work.secrets.retire_gatekeeper_key("k1", later(days=1))

    async with store.reading() as work:
        assert [key.kid for key in await work.secrets.gatekeeper_keys("ws_1")] == ["k2"]


async def test_a_secret_is_delivered_anew_under_another_key(store: SqlStore) -> None:
    again = secret("openai", 2, delivery_key_id="dk_2", delivered=b"other")
    async with store.unit_of_work() as work:
        await work.secrets.add(secret("openai", 1))
        await work.secrets.add(secret("openai", 2))
        await work.secrets.redeliver(again)

    async with store.reading() as work:
        assert await work.secrets.newest("ws_1", "openai") == again
        found = await work.secrets.by_refs("ws_1", ["secret://openai@1"])
        assert found == {"secret://openai@1": secret("openai", 1)}


async def test_who_was_not_heard_for_long_is_found_until_it_is_retired(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.dataplanes.add(dataplane("dp_3", created_at=later(days=40)))
        await work.dataplanes.add(dataplane("dp_4", last_seen_at=later(days=40)))
        await work.dataplanes.revoke("dp_2", NOW)
        unseen = await work.dataplanes.unseen_since(later(days=30), 10)
        await work.dataplanes.set_retired("dp_1", later(days=30))
        after = await work.dataplanes.unseen_since(later(days=30), 10)
        live = await work.dataplanes.live_ids("ws_1")
        await work.dataplanes.set_retired("dp_1", None)
        revived = await work.dataplanes.live_ids("ws_1")

    assert [plane.id for plane in unseen] == ["dp_1"]
    assert (after, live, revived) == ([], ["dp_3", "dp_4"], ["dp_1", "dp_3", "dp_4"])
