"""Consumers' own backends come back whole, on every database."""

from __future__ import annotations

from dataclasses import replace

from controlplane.domain.backends import Backend, BackendMode, BackendSet, Credential
from controlplane.store import SqlStore
from tests.contract.store.nouns import NOW, WORKSPACE, later

CREDENTIAL = Credential("api_key", "wxyz", "https://api.openai.com:443", NOW)
BACKEND = Backend("mine", "openai", "openai", "https://ü.example/'; --", ("fast", "ü"), 7, 2, CREDENTIAL)
SET = BackendSet(
    WORKSPACE.id, "ada@example.com", BackendMode.PREFERRED, (BACKEND, replace(BACKEND, name="b")), "e", NOW
)


async def _put(store: SqlStore, backends: BackendSet) -> None:
    async with store.unit_of_work() as work:
        await work.backends.put(backends)


async def test_a_set_comes_back_as_it_was_put(store: SqlStore) -> None:
    await _put(store, SET)

    async with store.reading() as work:
        assert await work.backends.get(WORKSPACE.id, SET.user_id) == SET
        assert await work.backends.get(WORKSPACE.id, "somebody-else") is None
        assert await work.backends.get("ws_other", SET.user_id) is None


async def test_putting_replaces_the_whole_set(store: SqlStore) -> None:
    await _put(store, SET)
    empty = replace(SET, mode=None, backends=(), etag="f", updated_at=later(seconds=1))

    await _put(store, empty)

    async with store.reading() as work:
        assert await work.backends.get(WORKSPACE.id, SET.user_id) == empty


async def test_a_dropped_set_is_gone_alone(store: SqlStore) -> None:
    other = replace(SET, user_id="ada")
    await _put(store, SET)
    await _put(store, other)

    async with store.unit_of_work() as work:
        await work.backends.drop(WORKSPACE.id, SET.user_id)

    async with store.reading() as work:
        assert await work.backends.get(WORKSPACE.id, SET.user_id) is None
        assert await work.backends.get(WORKSPACE.id, other.user_id) == other
