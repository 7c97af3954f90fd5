"""Between an agent and its control plane: nothing gets through, or one way only, or slowly, or at the second try."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.configurator.v1 import gateways_pb2 as gateways
from tests.fakes.network import BLOCKED, FAIR, Weather
from tests.integration.network.conftest import Site

PARTED = {"partition": (BLOCKED, BLOCKED), "nothing_comes_back": (FAIR, BLOCKED)}
POOR = {"two_seconds_round_trip": Weather(seconds=1.0), "thirty_in_a_hundred_lost": Weather(lost=0.3)}


@pytest.mark.parametrize("parted", PARTED)
async def test_a_parted_data_plane_serves_on_shows_offline_and_catches_up_with_the_newest_alone(
    site: Site, parted: str
) -> None:
    site.network.change(*PARTED[parted])
    versions = [await site.put(alias) for alias in ("second", "third", "fourth")]
    await site.tenant.call(gateways.RevokeUserTokenRequest(workspace_id=site.tenant.id, jti="ck_lost", reason="lost"))
    await asyncio.sleep(1)
    while_parted = [await site.chat("first") for _ in range(20)]
    site.tenant.running.clock.skip(timedelta(minutes=2))
    health = await site.health()

    site.network.change(FAIR, FAIR)
    await site.until_synced("fourth")

    assert while_parted == [200] * 20
    assert health == "OFFLINE"
    assert await site.applied_version() == versions[-1]
    ends = [ev.EventStatus.Name(each.status) for each in await site.history("config/")][-3:]
    assert ends == ["EVENT_STATUS_SUPERSEDED", "EVENT_STATUS_SUPERSEDED", "EVENT_STATUS_APPLIED"]
    assert [ev.EventStatus.Name(each.status) for each in await site.history("revocations")] == ["EVENT_STATUS_APPLIED"]
    assert await site.chat("first") == 404


@pytest.mark.parametrize("poor", POOR)
async def test_over_a_poor_network_every_change_is_proven_once(site: Site, poor: str) -> None:
    site.network.change(POOR[poor], POOR[poor])

    for alias in ("second", "third"):
        version = await site.put(alias)
        await site.until_synced(alias)
        assert await site.applied_version() == version

    last = (await site.history("config/"))[-2:]
    assert [(ev.EventStatus.Name(each.status), each.attempt) for each in last] == [("EVENT_STATUS_APPLIED", 1)] * 2
    assert poor != "thirty_in_a_hundred_lost" or site.network.lost > 0


async def test_the_control_planes_clock_may_be_a_day_off_and_step_back(site: Site) -> None:
    clock = site.tenant.running.clock
    clock.skip(timedelta(hours=24))
    ahead = await site.put("second")
    await site.until_synced("second")
    assert await site.applied_version() == ahead

    clock.skip(timedelta(hours=-24))
    back = await site.put("third")
    await site.until_synced("third")

    assert await site.applied_version() == back
    assert await site.chat("second") == 404


async def test_an_agent_that_stood_still_past_its_lease_catches_up_without_a_storm(site: Site) -> None:
    site.host.pause_agent()
    await site.put("second")
    newest = await site.put("third")
    site.tenant.running.clock.skip(timedelta(seconds=100))
    assert await site.chat("first") == 200
    before = await polls(site)

    site.host.resume_agent()
    await site.until_synced("third")
    await asyncio.sleep(2)

    assert await site.applied_version() == newest
    last = (await site.history("config/"))[-1]
    assert ev.EventStatus.Name(last.status) == "EVENT_STATUS_APPLIED"
    assert await polls(site) - before <= 8


async def polls(site: Site) -> float:
    """Calls of GetConfiguration that were answered so far."""
    async with site.host.client.get(f"{site.tenant.running.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    calls = [line for line in lines if line.startswith("agentrouter_calls_total") and "GetConfiguration" in line]
    assert calls, "the metric's name has changed"
    return sum(float(line.rpartition(" ")[2]) for line in calls)
