"""The loop with what is no document: values, revocations, and slots that this release does not know."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liaison_agent.ports import ControlPlaneUnreachable
from tests.fakes.agents import World
from tests.fakes.clocks import START
from tests.fakes.gateway import compile_with_revocations


@pytest.mark.parametrize("slot", ["upgrade", "upgrade_cancel/ev_1", "something/of/a/later/release"])
async def test_what_this_release_does_not_support_is_refused_by_name_for_good(world: World, slot: str) -> None:
    world.control.put("", {"models": ["a"]})
    world.control.put_value(slot, b"{}")

    await world.live_until_idle()

    event = list(world.control.events.values())[-1]
    assert event.status == "FAILED"
    reason = f"not supported by this agent: {slot}; upgrade the data plane"
    assert event.completions[0].error == reason
    assert world.control.polls[-1].report.rejected == ((slot, 1, reason, 0),)


@pytest.mark.parametrize("slot", ["mcp/github", "proxy_url"])
async def test_a_value_without_a_use_yet_is_proven_by_what_is_on_the_disk(world: World, slot: str) -> None:
    world.control.put_value(slot, b'{"url":"https://llm.example.com"}')

    await world.live_until_idle()

    event = list(world.control.events.values())[-1]
    assert event.status == "APPLIED"
    (completion,) = event.completions
    assert completion.proof is not None
    ((what, digest),) = completion.proof.resources
    assert what == f"ledger/{slot} (kept; this release's gateway does not use it yet)"
    assert digest == completion.digest == world.open_ledger().digest_on_disk(slot)


async def test_a_value_that_the_disk_does_not_give_back_is_not_claimed(world: World) -> None:
    world.ledger.blank_reads = 1
    world.control.put_value("mcp/github", b"{}")

    await world.live_until_idle()

    first, second = next(iter(world.control.events.values())).completions
    assert (first.applied, first.retryable, second.applied) == (False, True, True)


async def test_a_revocation_reaches_the_gateway_before_a_document_that_comes_with_it(world: World) -> None:
    world.compile = compile_with_revocations
    world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.control.put("", {"models": ["a", "b"]})
    event = world.control.revoke_key("jti-1", START + timedelta(days=1))

    await world.live_until_idle()

    assert event.status == "APPLIED"
    pushed = [{one.slot for one in push.values()} for push in world.gateway.pushes]
    assert pushed[-2:] == [{"revocations"}, {"config/"}]


async def test_a_revocation_outlives_a_refused_document_the_agent_and_envoy(world: World) -> None:
    world.compile = compile_with_revocations
    world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.control.put("", {"refuse": "bad regex"})
    world.control.revoke_key("jti-1", START + timedelta(days=1))
    await world.live_until_idle()

    world.gateway.die()
    world.control.before["poll"] = [ControlPlaneUnreachable("away")] * 3
    await world.live_until_idle()

    assert world.gateway.served("config/") == b'{"models": ["a"]}'
    assert world.gateway.served("revocations") == b"jti-1"


async def test_revocations_are_kept_before_there_is_a_gateway(world: World) -> None:
    world.control.revoke_key("jti-1", START + timedelta(days=1))

    await world.live_until_idle()

    memory = world.open_ledger().load().memory
    assert memory is not None
    assert memory.revocations == {"jti-1": START + timedelta(days=1)}


async def test_a_restored_store_is_told_of_the_revocations_that_it_lost(world: World) -> None:
    kept, lost = START + timedelta(days=1), START + timedelta(days=2)
    world.control.revoke_key("kept", kept)
    world.control.revoke_key("lost", lost)
    await world.live_until_idle()
    world.control.restore("epoch-2", lambda _slot: True)
    world.control.revocations = world.control.revocations[:1]

    await world.live_until_idle()

    told = [poll.held_revocations for poll in world.control.polls if poll.held_revocations]
    assert told == [(("lost", lost),)]
    memory = world.open_ledger().load().memory
    assert memory is not None
    assert memory.revocations == {"kept": kept, "lost": lost}
