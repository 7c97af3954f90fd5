"""FullSyncWorkspace: everything compiled anew, every data plane told everything, the progress the same for all."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, update

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.configurator.v1 import slots_pb2 as slots
from controlplane.domain.full_syncs import FullSyncRun
from controlplane.store.tables import configurations as stored
from controlplane.store.urls import store_url
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.followers import Followers
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.refusals import refusal
from tests.contract.wires.repairs import (
    MISSING,
    ORPHANED,
    REJECTED,
    STALE,
    exhaust,
    found,
    only_pending,
    pending,
    reconcile,
    refuse,
    remove,
    settle,
)


async def full_sync(tenant: Tenant, **fields: Any) -> list[Any]:
    """Every step."""
    return list(await tenant.call(slots.FullSyncWorkspaceRequest(workspace_id=tenant.id, **fields)))


def rows(steps: list[Any]) -> list[tuple[str, int]]:
    return [one for step in steps for one in found(step)]


async def alter_stored(tenant: Tenant, user_id: str, digest: str) -> None:
    """As if another release had compiled the newest version to something else; in a thread, for a write of the
    control plane's may have to end first."""
    await asyncio.to_thread(_alter_stored, tenant, user_id, digest)


def _alter_stored(tenant: Tenant, user_id: str, digest: str) -> None:
    engine = create_engine(store_url(tenant.running.database_url).set(drivername=_driver(tenant)))
    with engine.begin() as connection:
        line = (stored.c.workspace_id == tenant.id) & (stored.c.user_id == user_id) & stored.c.newest
        connection.execute(update(stored).where(line).values(digest=digest))
    engine.dispose()


async def begun_elsewhere(tenant: Tenant) -> None:
    """A run of a replica that died before its first step."""
    async with tenant.running.plane.store.unit_of_work() as work:
        now = await work.now()
        run = FullSyncRun(tenant.id, f"fs_{tenant.id}", "a replica that died", now + timedelta(seconds=15), now)
        await work.full_syncs.put(run)


def _driver(tenant: Tenant) -> str:
    return "sqlite" if tenant.running.database_url.startswith("sqlite") else "postgresql+psycopg"


async def test_a_workspace_that_is_as_desired_is_walked_whole_and_every_data_plane_is_told_everything(
    tenant: Tenant,
) -> None:
    await tenant.put()
    agents = [await tenant.enrol(), await tenant.enrol()]
    for user in ("alice", "bob"):
        await tenant.put(consumer(user), user)
    for agent in agents:
        await settle(tenant, agent)

    steps = await full_sync(tenant)

    assert [step.done for step in steps] == [False] * (len(steps) - 1) + [True]
    last = steps[-1]
    assert (last.compiled_count, last.changed_count) == (3, 0)
    assert last.walked_count == last.total_count == 3 + 2 * 4  # documents; theirs and the keys, on two data planes
    assert [step.walked_count for step in steps] == sorted(step.walked_count for step in steps)
    assert rows(steps) == []
    for agent in agents:
        event = await only_pending(tenant, agent)
        assert (event.slot, event.payload.fields["full"].bool_value) == ("config/", True)
        await settle(tenant, agent)
        shown = await tenant.dataplane(agent)
        assert shown.applied_revision == shown.desired_revision


async def test_what_deviates_is_told_with_the_event_that_repairs_it(tenant: Tenant) -> None:
    await tenant.put()
    for user in ("gone", "late", "bad"):
        await tenant.put(consumer(user), user)
    agent = await tenant.enrol()
    await settle(tenant, agent)
    await remove(tenant, "gone")
    await tenant.put(consumer("bad", groups=["g"]), "bad")
    await refuse(tenant, agent)
    await tenant.put(consumer("late", groups=["g"]), "late")
    await exhaust(tenant, agent)
    await tenant.put(consumer("new"), "new")
    await exhaust(tenant, agent)

    steps = await full_sync(tenant)

    expected = [
        ("config/bad", REJECTED),
        ("config/gone", ORPHANED),
        ("config/late", STALE),
        ("config/new", MISSING),
    ]
    assert rows(steps) == expected
    event = await only_pending(tenant, agent)
    assert {row.event_id for step in steps for row in step.rows} == {event.id}
    await settle(tenant, agent)
    assert found(await reconcile(tenant)) == []


async def test_a_document_that_compiles_to_something_else_by_now_gets_a_version(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.put(consumer("alice"), "alice")
    agent = await tenant.settled_agent()
    await alter_stored(tenant, "alice", "another digest")

    steps = await full_sync(tenant)

    assert (steps[-1].compiled_count, steps[-1].changed_count) == (2, 1)
    request = configurations.ListConfigurationsRequest(workspace_id=tenant.id)
    versions = {each.user_id: each.version for each in (await tenant.call(request)).configurations}
    assert versions == {"": 1, "alice": 2}
    assert {each.slot for each in await pending(tenant, agent)} == {"config/", "config/alice"}


async def test_one_document_that_does_not_compile_stops_no_other(tenant: Tenant) -> None:
    await tenant.put(document(api_key="sk-one"))
    await tenant.put(consumer("alice"), "alice")
    async with tenant.running.plane.store.unit_of_work() as work:
        source = await work.documents.get(tenant.id, "")
        assert source is not None
        name = source.content.decode().partition("secret://")[2].partition('"')[0]
        content = source.content.replace(name.encode(), b"never-stored")
        await work.documents.put(replace(source, content=content))

    steps = await full_sync(tenant)

    (problem,) = [each for step in steps for each in step.problems]
    assert problem.user_id == ""
    assert "never-stored" in problem.message
    assert (steps[-1].done, steps[-1].compiled_count) == (True, 2)


async def test_a_dry_run_tells_the_same_and_changes_nothing(tenant: Tenant) -> None:
    await tenant.put(consumer("alice"), "alice")
    agent = await tenant.settled_agent()
    await tenant.put(consumer("alice", groups=["g"]), "alice")
    await exhaust(tenant, agent)
    await alter_stored(tenant, "alice", "another digest")
    before = await tenant.events_of(agent)

    plan = await full_sync(tenant, validate_only=True)

    assert rows(plan) == [("config/alice", STALE)]
    assert (plan[-1].done, plan[-1].changed_count, plan[-1].walked_count) == (True, 1, plan[-1].total_count)
    assert {row.event_id for step in plan for row in step.rows} == {""}
    assert await tenant.events_of(agent) == before


async def test_a_second_caller_joins_and_is_told_the_same(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    await tenant.put()
    agents = [await tenant.enrol() for _ in range(3)]
    await begun_elsewhere(tenant)  # so that both find a run to join
    followers = Followers(monkeypatch, tenant.running.plane.full_syncs)
    calls = [asyncio.create_task(full_sync(tenant)) for _ in range(2)]
    await followers.are(2)

    tenant.running.clock.skip(timedelta(seconds=16))
    first, second = await asyncio.gather(*calls)

    assert first == second
    for agent in agents:
        full = [each for each in await tenant.events_of(agent) if each.metadata.fields["cause"].string_value]
        assert len(full) == 1


async def test_a_repeated_request_is_told_the_same_again(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()

    first = await full_sync(tenant, request_id="once")
    await settle(tenant, agent)
    again = await full_sync(tenant, request_id="once")

    assert first == again
    assert await pending(tenant, agent) == []
    assert await full_sync(tenant) != []


async def test_a_run_that_its_replica_left_is_carried_on_by_who_follows_it(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tenant.put()
    agent = await tenant.enrol()
    await begun_elsewhere(tenant)

    followers = Followers(monkeypatch, tenant.running.plane.full_syncs)
    following = asyncio.create_task(full_sync(tenant))
    await followers.are(1)
    assert not following.done()
    tenant.running.clock.skip(timedelta(seconds=16))
    steps = await following

    assert steps[-1].done
    assert (await only_pending(tenant, agent)).payload.fields["full"].bool_value


async def test_a_caller_who_goes_away_leaves_nothing_half_done(tenant: Tenant) -> None:
    await tenant.put()
    agents: list[Agent] = [await tenant.settled_agent() for _ in range(3)]

    calling = asyncio.create_task(full_sync(tenant))
    await asyncio.sleep(0.01)
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    steps = await full_sync(tenant)

    assert steps[-1].done
    for agent in agents:
        assert [each.slot for each in await pending(tenant, agent)] == ["config/"]


async def test_a_stream_is_refused_in_the_same_words_as_a_call(tenant: Tenant, stranger: Tenant) -> None:
    agent = await tenant.enrol()

    with refusal("NOT_FOUND"):
        await tenant.call(slots.FullSyncWorkspaceRequest(workspace_id=stranger.id))
    with refusal("UNAUTHENTICATED", "TOKEN_MISSING"):
        await tenant.api(slots.FullSyncWorkspaceRequest(workspace_id=tenant.id))
    with refusal("PERMISSION_DENIED"):
        await tenant.api(slots.FullSyncWorkspaceRequest(workspace_id=tenant.id), agent.token)
    with refusal("INVALID_ARGUMENT"):
        await tenant.call(slots.FullSyncWorkspaceRequest(workspace_id="x" * 65))


async def test_the_end_of_a_full_event_clears_what_was_wanted(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await full_sync(tenant)
    held = await agent.acknowledge((await only_pending(tenant, agent)).id)
    done = await agent.complete(held)

    assert done.status == events.EVENT_STATUS_APPLIED
    async with tenant.running.plane.store.reading() as work:
        plane = await work.dataplanes.get(agent.id)
    assert plane is not None
    assert plane.wanted_revision == 0
