"""What only one of several control planes does, and what happens to it when that one dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.configurator.v1 import slots_pb2 as slots
from agentrouter.management.v1 import documents_pb2 as docs
from controlplane.domain.full_syncs import FULL_SYNC_LEASE, FullSyncRun
from controlplane.services import full_sync_steps
from controlplane.transport.calls import Call
from tests.contract.events.world import World, postgres_place
from tests.contract.wires.documents import consumer
from tests.contract.wires.followers import Followers
from tests.contract.wires.procedures import procedure_of
from tests.fakes.postgres import PostgresServer

DATAPLANES = 3


@pytest.fixture
async def world(postgres_server: PostgresServer) -> AsyncIterator[World]:
    """Two control planes on one database, with a few consumers and data planes."""
    world = World(postgres_place(postgres_server))
    await world.start()
    for user in ("ann", "bob", "cid"):
        content = consumer(user)
        await world.call(
            0,
            docs.PutDocumentRequest(workspace_id=world.workspace_id, user_id=user, content=content),
            world.admin,
        )
    for _ in range(DATAPLANES):
        await world.enrol()
    yield world
    for replica in world.replicas:
        await replica.plane.full_syncs.stop()
    await world.stop()


async def full_sync(world: World, number: int) -> list[Any]:
    """Every step that this replica tells."""
    request = slots.FullSyncWorkspaceRequest(workspace_id=world.workspace_id)
    streamer = world.replicas[number].plane.operations[procedure_of(type(request)).path].streamer
    assert streamer is not None
    async with aclosing(streamer(request, Call(world.admin, "test"))) as told:
        return [step async for step in told]


async def full_events(world: World) -> dict[str, int]:
    """How many full events each data plane was given by a full synchronisation."""
    request = ev.ListPendingEventsRequest(workspace_id=world.workspace_id, include_finished=True, page_size=1000)
    found: dict[str, int] = {}
    for event in (await world.call(0, request, world.admin)).events:
        if event.metadata.fields["cause"].string_value == full_sync_steps.CAUSE:
            found[event.dataplane_id] = found.get(event.dataplane_id, 0) + 1
    return found


def kill_runs(world: World, number: int) -> None:
    """As if the process had died: nothing is given back."""
    for task in world.replicas[number].plane.full_syncs._runs.values():
        task.cancel()


async def left_behind(world: World) -> None:
    """A run that a third replica began; it died before its first step."""
    async with world.replicas[0].plane.store.unit_of_work() as work:
        now = await work.now()
        lease_ends_at = now + FULL_SYNC_LEASE
        await work.full_syncs.put(FullSyncRun(world.workspace_id, world.ids.new("fs"), "third", lease_ends_at, now))


async def test_callers_of_two_replicas_see_one_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await left_behind(world)
    followers = Followers(monkeypatch, *(replica.plane.full_syncs for replica in world.replicas))
    calls = [asyncio.create_task(full_sync(world, number)) for number in (0, 1)]
    await followers.are(2)

    world.place.skip(FULL_SYNC_LEASE)  # both may take it over now
    first, second = await asyncio.gather(*calls)

    assert first == second
    assert first[-1].done
    assert list((await full_events(world)).values()) == [1] * DATAPLANES


async def test_another_replica_carries_a_run_on_and_repeats_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(full_sync_steps, "AT_ONCE", 1)  # many small steps
    first = asyncio.create_task(full_sync(world, 0))
    while not await full_events(world):  # noqa: ASYNC110 - a step of the other task
        await asyncio.sleep(0.01)
    kill_runs(world, 0)
    before = await full_events(world)
    followers = Followers(monkeypatch, world.replicas[1].plane.full_syncs)
    second = asyncio.create_task(full_sync(world, 1))
    await followers.are(1)
    assert not second.done()

    world.place.skip(timedelta(seconds=16))
    steps = await second

    assert before
    assert steps == await first
    assert [step.walked_count for step in steps] == sorted(step.walked_count for step in steps)
    assert steps[-1].walked_count == steps[-1].total_count == 3 + DATAPLANES * 4
    assert list((await full_events(world)).values()) == [1] * DATAPLANES


async def test_a_replica_that_stops_hands_its_run_over_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_sync_steps, "AT_ONCE", 1)
    first = asyncio.create_task(full_sync(world, 0))
    while not await full_events(world):  # noqa: ASYNC110 - a step of the other task
        await asyncio.sleep(0.01)

    await world.replicas[0].plane.full_syncs.stop()

    assert (await full_sync(world, 1))[-1].done
    assert (await first)[-1].done


async def test_one_replica_leads_and_the_other_takes_over_within_seconds(world: World) -> None:
    lead = "lapse leases"
    leaderships = [replica.plane.upkeep._leadership for replica in world.replicas]
    for replica in world.replicas:
        await replica.plane.upkeep.run_all()
    assert [each.leads(lead) for each in leaderships] == [True, False]

    world.place.skip(timedelta(seconds=5))  # the first one is dead
    await world.replicas[1].plane.upkeep.run_all()

    assert leaderships[1].leads(lead)


async def test_only_the_leader_lapses_leases(world: World) -> None:
    for replica in world.replicas:
        await replica.plane.upkeep.run_all()
    caller = await world.enrol()
    request = ev.ListPendingEventsRequest(workspace_id=world.workspace_id)
    (event,) = (await world.call(0, request, caller)).events
    boot = ev.Boot(counter=1, nonce="nonce-of-boot-1")
    await world.call(0, ev.AcknowledgeEventRequest(event_id=event.id, boot=boot), caller)
    world.place.skip(timedelta(seconds=61))
    await world.replicas[0].plane.upkeep.run_all()  # which leads again first

    await world.replicas[1].plane.upkeep.run_all()

    history = ev.ListPendingEventsRequest(workspace_id=world.workspace_id, include_finished=True)
    (seen,) = (await world.call(1, history, caller)).events
    assert (seen.status, seen.attempt) == (ev.EVENT_STATUS_PENDING, 1)
