"""Secrets, keys and kept answers are stored alike by every store."""

from __future__ import annotations

import asyncio

import pytest

from controlplane.domain.callers import Role
from controlplane.domain.errors import AlreadyExists, NotFound
from controlplane.services.ports import StoredAnswer
from controlplane.store import SqlStore
from tests.contract.store.nouns import (
    ANYTHING,
    NOW,
    consumer_key,
    delivery_key,
    gatekeeper_key,
    later,
    management_key,
    secret,
)


async def test_the_newest_version_of_a_secret_is_found_by_name(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        for version in (1, 3, 2):
            await work.secrets.add(secret("openai", version))
        await work.secrets.add(secret("a@b", 1))

    async with store.reading() as work:
        assert await work.secrets.newest("ws_1", "openai") == secret("openai", 3)
        assert await work.secrets.newest("ws_1", "missing") is None
        assert await work.secrets.newest("ws_2", "openai") is None
        found = await work.secrets.newest_of("ws_1", ["openai", "a@b", "missing"])
        none = await work.secrets.newest_of("ws_1", [])
    assert found == {"openai": secret("openai", 3), "a@b": secret("a@b", 1)}
    assert none == {}


async def test_a_secrets_version_is_stored_once(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.secrets.add(secret("openai", 1))

    with pytest.raises(AlreadyExists):
        async with store.unit_of_work() as work:
            await work.secrets.add(secret("openai", 1))


async def test_secrets_are_found_by_their_references(store: SqlStore) -> None:
    stored = [secret("openai", 1), secret("openai", 2), secret("a@b", 1)]
    async with store.unit_of_work() as work:
        for each in stored:
            await work.secrets.add(each)

    asked = ["secret://openai@1", "secret://a@b@1", "secret://openai@9"]
    nonsense = ["", "openai@2", "secret://openai", "secret://openai@", "secret://openai@02", f"secret://openai@{9**99}"]
    async with store.reading() as work:
        found = await work.secrets.by_refs("ws_1", [*asked, *nonsense])
        elsewhere = await work.secrets.by_refs("ws_2", asked)

    assert found == {"secret://openai@1": stored[0], "secret://a@b@1": stored[2]}
    assert elsewhere == {}


async def test_the_named_versions_of_secrets_are_dropped_and_no_other(store: SqlStore) -> None:
    names = ["byok/Ada/x", "byok/ada/x", "byok/ada/y", "byok/ada/z/y", "byok/ada_/x", "byok/b/x"]
    async with store.unit_of_work() as work:
        for name in names:
            await work.secrets.add(secret(name, 1))
        await work.secrets.add(secret("byok/ada/x", 2))

    async with store.unit_of_work() as work:
        x, y, z = [("byok/ada/x", 1), ("byok/ada/x", 2)], ("byok/ada/y", 1), ("byok/ada/z/y", 1)
        assert await work.secrets.versions_under("ws_1", "byok/ada/") == [*x, y, z]
        assert await work.secrets.versions_under("ws_2", "byok/ada/") == []
        await work.secrets.drop("ws_1", [x[0], y, ("missing", 1)])
        await work.secrets.drop("ws_2", [x[1]])
        await work.secrets.drop("ws_1", [])

    async with store.reading() as work:
        left = [(names[0], 1), x[1], *((name, 1) for name in names[3:])]
        assert await work.secrets.versions_under("ws_1", "byok/") == left


async def test_every_version_of_every_secret_is_listed_in_pages(store: SqlStore) -> None:
    keys = [("ws_1", "a", 1), ("ws_1", "a", 2), ("ws_1", "b", 1)]
    async with store.unit_of_work() as work:
        for _, name, version in reversed(keys):
            await work.secrets.add(secret(name, version))

    async with store.reading() as work:
        assert await work.secrets.versions_after(("", "", 0), 2) == keys[:2]
        assert await work.secrets.versions_after(keys[1], 2) == keys[2:]


async def test_delivery_and_gatekeeper_keys_are_listed_oldest_first(store: SqlStore) -> None:
    times = {"k2": NOW, "k1": later(microseconds=1), "k0": later(seconds=1)}
    async with store.unit_of_work() as work:
        for key_id in ("k0", "k1", "k2"):
            await work.secrets.add_delivery_key(delivery_key(key_id, times[key_id]))
            await work.secrets.add_gatekeeper_key(gatekeeper_key(key_id, times[key_id]))

    async with store.reading() as work:
        delivery = await work.secrets.delivery_keys("ws_1")
        gatekeeper = await work.secrets.gatekeeper_keys("ws_1")
        assert await work.secrets.delivery_keys("ws_2") == []
        assert await work.secrets.gatekeeper_keys("ws_2") == []
    assert delivery == [delivery_key(key_id, time) for key_id, time in times.items()]
    assert gatekeeper == [gatekeeper_key(key_id, time) for key_id, time in times.items()]


async def test_a_delivery_key_sealed_again_replaces_the_one_before(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.secrets.add_sealed_delivery_key("dp_1", "k1", b"old")
        await work.secrets.add_sealed_delivery_key("dp_1", "k1", ANYTHING)
        await work.secrets.add_sealed_delivery_key("dp_1", "k2", b"")

    async with store.reading() as work:
        assert await work.secrets.sealed_delivery_keys(["dp_1", "dp_2"]) == {"dp_1": {"k1": ANYTHING, "k2": b""}}
        assert await work.secrets.sealed_delivery_keys([]) == {}


async def test_a_management_key_is_found_by_hash_and_by_id(store: SqlStore) -> None:
    stored = management_key("mk_1", workspace_ids=(), role=Role.ADMIN, expires_at=None)
    async with store.unit_of_work() as work:
        await work.keys.add_management_key(stored)

    async with store.reading() as work:
        by_hash = await work.keys.management_key_by_hash("hash of mk_1")
        assert by_hash == stored == await work.keys.management_key("mk_1")
        assert isinstance(by_hash.role, Role)
        assert await work.keys.management_key_by_hash("mk_1") is None
        assert await work.keys.management_key("mk_2") is None


async def test_a_hash_belongs_to_one_management_key(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.keys.add_management_key(management_key("mk_1"))

    with pytest.raises(AlreadyExists):
        async with store.unit_of_work() as work:
            await work.keys.add_management_key(management_key("mk_2", token_hash="hash of mk_1"))


async def test_management_keys_are_paged_by_id_and_revoked_once(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        for number in (3, 1, 2):
            await work.keys.add_management_key(management_key(f"mk_{number}"))
        await work.keys.revoke_management_key("mk_2", NOW)
        await work.keys.revoke_management_key("mk_2", later(hours=1))
        await work.keys.revoke_management_key("mk_9", NOW)

    async with store.reading() as work:
        first = await work.keys.management_keys("tn_1", "", 2)
        second = await work.keys.management_keys("tn_1", "mk_2", 2)
        assert await work.keys.management_keys("tn_2", "", 2) == []
    assert first == [management_key("mk_1"), management_key("mk_2", revoked_at=NOW)]
    assert second == [management_key("mk_3")]


async def test_consumer_keys_are_paged_by_jti_of_one_consumer_or_of_all(store: SqlStore) -> None:
    stored = [consumer_key("j1"), consumer_key("j2", "bob"), consumer_key("j3")]
    async with store.unit_of_work() as work:
        for each in reversed(stored):
            await work.keys.add_consumer_key(each)

    async with store.reading() as work:
        assert await work.keys.consumer_keys("ws_1", "", "", 2) == stored[:2]
        assert await work.keys.consumer_keys("ws_1", "", "j2", 2) == stored[2:]
        assert await work.keys.consumer_keys("ws_1", "alice", "", 9) == [stored[0], stored[2]]
        assert await work.keys.consumer_keys("ws_2", "", "", 9) == []


async def test_a_key_of_nobody_is_refused(store: SqlStore) -> None:
    with pytest.raises(NotFound):
        async with store.unit_of_work() as work:
            await work.keys.add_management_key(management_key("mk_1", tenant_id="tn_9"))


ANSWER = StoredAnswer(body_mac=b"mac", answer=ANYTHING)


async def test_an_answer_is_kept_for_its_caller_method_and_request(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.answers.put("mk_1", "TriggerUpdate", "r1", ANSWER, later(hours=24))

    async with store.reading() as work:
        assert await work.answers.get("mk_1", "TriggerUpdate", "r1") == ANSWER
        for other in (("mk_2", "TriggerUpdate", "r1"), ("mk_1", "Enrol", "r1"), ("mk_1", "TriggerUpdate", "r2")):
            assert await work.answers.get(*other) is None


async def test_answers_are_purged_when_they_expire(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.answers.put("c", "m", "old", ANSWER, NOW)
        await work.answers.put("c", "m", "new", ANSWER, later(microseconds=1))
        await work.answers.purge(NOW)

        assert await work.answers.get("c", "m", "old") is None
        assert await work.answers.get("c", "m", "new") == ANSWER


async def test_of_many_answers_to_one_request_exactly_one_is_kept(store: SqlStore) -> None:
    async def put(number: int) -> bool:
        try:
            async with store.unit_of_work() as work:
                await work.answers.put("c", "m", "r", StoredAnswer(b"%d" % number, b""), NOW)
                await asyncio.sleep(0)
        except AlreadyExists:
            return False
        return True

    kept = await asyncio.gather(*(put(number) for number in range(8)))

    async with store.reading() as work:
        answer = await work.answers.get("c", "m", "r")
    assert sum(kept) == 1
    assert answer == StoredAnswer(b"%d" % kept.index(True), b"")


async def test_an_id_is_held_by_one_unit_of_work_until_that_ends(store: SqlStore) -> None:
    """On SQLite a second one does not even begin before."""
    async with store.unit_of_work() as first:
        assert await first.answers.claim("mk_1", "m", "r")
        assert await first.answers.claim("mk_1", "m", "r")
        async with store.unit_of_work() if store.shared else store.reading() as second:
            assert await second.answers.claim("mk_1", "m", "r") != store.shared
            assert await second.answers.claim("mk_1", "m", "other")
        async with store.reading() as reader:
            assert await reader.answers.claim("mk_1", "m", "r")

    async with store.unit_of_work() as next_one:
        assert await next_one.answers.claim("mk_1", "m", "r")
