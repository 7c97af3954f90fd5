"""A rehearsal on every store: inside it everything is there, afterwards nothing was, and nobody was told."""

from __future__ import annotations

import pytest

from controlplane.domain.errors import AlreadyExists
from controlplane.services.ports import Notice
from controlplane.services.rehearsals import RehearsedStore
from controlplane.store import SqlStore
from tests.contract.store.nouns import TENANT, event
from tests.contract.store.test_notices import listening


async def test_what_a_rehearsal_did_lasts_until_its_block_ends(store: SqlStore) -> None:
    rehearsed = RehearsedStore(store)

    async with rehearsed.unit_of_work() as work:
        assert await work.workspaces.take_revision("ws_1") == 1
        await work.events.add([event(1)])
        work.announce(Notice("ws_1"))
        assert await work.events.get(event(1).id)

    async with rehearsed.reading() as reader:
        workspace = await reader.workspaces.get("ws_1")
        assert workspace is not None
        assert (workspace.revision, await reader.events.get(event(1).id)) == (0, None)


async def test_nobody_is_told_of_a_rehearsal(store: SqlStore) -> None:
    notices = await listening(store)
    async with RehearsedStore(store).unit_of_work() as work:
        work.announce(Notice("of the rehearsal"))

    async with store.unit_of_work() as work:
        work.announce(Notice("of the real call"))

    assert await anext(notices) == Notice("of the real call")


async def test_what_a_rehearsal_raises_is_raised(store: SqlStore) -> None:
    with pytest.raises(AlreadyExists):
        async with RehearsedStore(store).unit_of_work() as work:
            await work.workspaces.add_tenant(TENANT)
