"""After a restore: data planes are told everything anew, prove it, and never meet a number that they saw before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agentrouter.configurator.v1 import events_pb2 as events
from controlplane.domain.counting import RAISED_BY
from controlplane.store import back_up, migrate, restore
from tests.contract.wires.clients import open_api
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.people import Agent, Tenant, new_tenant
from tests.contract.wires.running import Running, running
from tests.fakes.postgres import PostgresServer
from tests.fakes.stores import KINDS, sqlite_url


def quiet(_done: int, _total: int) -> None:
    """No progress bar."""


@asynccontextmanager
async def seen_by(
    wire: str, plane: Running, tenant: Tenant | None = None, agent: Agent | None = None
) -> AsyncIterator[tuple[Tenant, Agent]]:
    """The tenant and its agent as they speak with this control plane; new ones unless given."""
    api = open_api(wire, plane.grpc, plane.url)
    try:
        tenant = replace(tenant, api=api, running=plane) if tenant else await new_tenant(api, plane)
        if agent is None:
            agent = await tenant.enrol()
        agent.api, agent.now = api, plane.clock.now
        yield tenant, agent
    finally:
        await api.close()


@pytest.fixture(params=KINDS)
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the backup is restored: an empty database of either kind."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "restored.db")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.url(server.create_database())
    migrate(url)
    return url


@pytest.mark.parametrize("wire", ["grpc", "connect"])
async def test_a_data_plane_of_a_lost_history_takes_and_proves_what_was_restored(
    wire: str, other_url: str, tmp_path: Path
) -> None:
    lost_url, backup = sqlite_url(tmp_path / "lost.db"), tmp_path / "backup"
    async with running(lost_url, tmp_path) as plane, seen_by(wire, plane) as (tenant, agent):
        kept = await tenant.put(document(alias="kept", api_key="sk-kept"))
        await agent.settle()
        back_up(lost_url, backup, now=datetime.now(UTC), progress=quiet)
        await tenant.put(document(alias="lost", api_key="sk-lost"))
        await tenant.put(consumer("lost"), "lost")
        await agent.settle()
        before = await agent.poll()
    restore(other_url, backup, epoch="e" * 32, replace=False, progress=quiet)

    async with running(other_url, tmp_path) as plane, seen_by(wire, plane, tenant, agent) as (tenant, agent):
        known = {"cursor": before.event_cursor, "epoch": before.epoch}
        news = await agent.poll(before.revision, wait=30, **known)

        assert (news.resync, news.epoch) == (True, "e" * 32)
        assert [each.digest for each in news.configurations] == [kept.configuration.digest]
        (full,) = [event for event in news.pending_events if event.slot == "config/"]
        assert full.payload.fields["full"].bool_value
        done = await agent.complete(await agent.acknowledge(full.id))
        assert done.status == events.EVENT_STATUS_APPLIED
        assert news.configurations[0].version > RAISED_BY
        again = await agent.poll(news.revision, cursor=news.event_cursor, epoch=news.epoch)
        assert (again.resync, len(again.configurations)) == (False, 0)


async def test_what_is_made_after_a_restore_has_numbers_that_the_lost_history_never_gave(tmp_path: Path) -> None:
    lost_url, other_url, backup = sqlite_url(tmp_path / "lost.db"), sqlite_url(tmp_path / "r.db"), tmp_path / "backup"
    async with running(lost_url, tmp_path) as plane, seen_by("connect", plane) as (tenant, agent):
        await agent.settle()
        back_up(lost_url, backup, now=datetime.now(UTC), progress=quiet)
        await tenant.put(document(api_key="sk-lost"))
    restore(other_url, backup, epoch="e" * 32, replace=False, progress=quiet)

    async with running(other_url, tmp_path) as plane, seen_by("connect", plane, tenant, agent) as (tenant, agent):
        made = await tenant.put(document(api_key="sk-new"))
        news = await agent.poll()

        assert made.configuration.version == RAISED_BY + 1
        assert news.revision > RAISED_BY
        assert news.event_cursor > RAISED_BY
        (version,) = (int(secret.ref.rpartition("@")[2]) for secret in news.secrets)
        assert version > RAISED_BY
