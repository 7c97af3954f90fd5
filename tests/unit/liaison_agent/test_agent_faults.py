"""The loop under faults: outages, lost and repeated answers, leases, restores, revocation, a ledger that fails."""

from __future__ import annotations

import asyncio

import pytest

from liaison_agent.memory import Memory
from liaison_agent.poller import DataplaneRevoked
from liaison_agent.ports import (
    Answer,
    ApplyOutcome,
    ControlPlaneRefused,
    ControlPlaneUnreachable,
    GatewayUnavailable,
    LedgerError,
    Poll,
)
from liaison_agent.state import ResourceSet
from tests.fakes.agents import World


async def test_the_last_known_good_serves_before_the_control_plane_is_reached(world: World) -> None:
    put = world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.gateway.die()
    seen: list[bytes | None] = []

    async def poll(_: Poll) -> Answer:
        seen.append(world.gateway.served("config/"))
        raise ControlPlaneUnreachable("away")

    world.control.poll = poll  # type: ignore[method-assign, assignment]
    async with world.living():
        await world.until(lambda: len(seen) > 20)

    assert set(seen) == {put.document}


async def test_an_envoy_that_comes_up_at_the_second_try_serves_while_the_control_plane_is_away(world: World) -> None:
    put = world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.gateway.die()
    world.gateway.faults = [GatewayUnavailable("the former one has not quite ended")]
    world.control.before["poll"] = [ControlPlaneUnreachable("away")] * 1000

    async with world.living():
        await world.until(lambda: world.gateway.served("config/") == put.document)

    assert world.control.before["poll"]


async def test_a_control_plane_that_dies_after_the_apply_ends_with_one_applied_event_of_attempt_one(
    world: World,
) -> None:
    world.control.put("", {"models": ["a"]})
    world.control.before["complete"] = [ControlPlaneUnreachable("away")] * 3
    world.control.before["poll"] = [None, *[ControlPlaneUnreachable("away")] * 3]

    await world.live_until_idle()

    [event] = world.control.events.values()
    assert (event.status, event.attempt, len(event.completions)) == ("APPLIED", 1, 1)
    assert world.control.calls.count("acknowledge") == 1


async def test_a_completion_owed_is_sent_with_its_token_by_the_next_life_too(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    world.control.before["complete"] = [ControlPlaneUnreachable("away")] * 1000
    async with world.living():
        await world.until(lambda: world.control.calls.count("complete") > 3)
    world.gateway.die()
    world.control.before["complete"] = []
    world.clock.advance(61)
    world.control.let_leases_lapse()

    await world.live_until_idle()

    [event] = world.control.events.values()
    assert (event.status, event.attempt, len(event.completions)) == ("APPLIED", 1, 1)


@pytest.mark.parametrize("method", ["poll", "acknowledge", "complete"])
async def test_a_lost_reply_changes_nothing_in_the_end(world: World, method: str) -> None:
    world.control.put("", {"models": ["a"]})
    world.control.after[method] = [ControlPlaneUnreachable("the reply was lost")]

    await world.live_until_idle()

    [event] = world.control.events.values()
    assert (event.status, event.attempt, len(event.completions)) == ("APPLIED", 1, 1)
    assert world.gateway.times_pushed(b"models") == 1


async def test_an_answer_that_comes_again_and_again_changes_nothing(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.control.put("", {"models": ["b"]})
    answers: list[Answer] = []
    honest = world.control.poll

    async def repeat(poll: Poll) -> Answer:
        answers.append(answers[0] if answers else await honest(poll))
        return answers[-1]

    world.control.poll = repeat  # type: ignore[method-assign]
    async with world.living():
        await world.until(lambda: len(answers) > 10)
    world.control.poll = honest  # type: ignore[method-assign]
    await world.live_until_idle()

    event = list(world.control.events.values())[-1]
    assert (event.status, len(event.completions)) == ("APPLIED", 1)
    assert world.gateway.times_pushed(b'"b"') == 1


async def test_a_late_completion_is_refused_and_the_event_that_comes_again_is_concluded(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    world.control.before["complete"] = [ControlPlaneUnreachable("away")] * 1000
    async with world.living():
        await world.until(lambda: world.control.calls.count("complete") > 3)
    [event] = world.control.events.values()
    event.status, event.fencing_token, event.holder = "PENDING", event.fencing_token + 1, None
    event.cursor += 1
    world.control._cursor += 1
    world.control.before["complete"] = []

    await world.live_until_idle()

    assert (event.status, len(event.completions)) == ("APPLIED", 1)
    assert world.gateway.times_pushed(b"models") == 1


async def test_leases_are_renewed_while_an_apply_takes_long(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    gate = asyncio.Event()
    push = world.gateway.apply

    async def slowly(wanted: ResourceSet) -> ApplyOutcome:
        await gate.wait()
        return await push(wanted)

    world.gateway.apply = slowly  # type: ignore[method-assign]
    async with world.living() as life:
        await world.until(lambda: world.clock.waiting == 1)
        for _ in range(5):
            world.clock.advance(20)  # the sleeper is gone at once; the next one comes when the lease was renewed
            await world.until(lambda: world.clock.waiting == 1)
        world.control.let_leases_lapse()
        gate.set()
        await world.run_until_idle(life)

    [event] = world.control.events.values()
    assert (event.status, event.attempt) == ("APPLIED", 1)
    assert world.control.calls.count("acknowledge") == 6


async def test_an_envoy_that_cannot_be_reached_fails_the_event_for_now_and_later_it_is_applied(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    world.gateway.faults = [GatewayUnavailable("Envoy died")] * 3

    await world.live_until_idle()

    [event] = world.control.events.values()
    assert [one.retryable for one in event.completions] == [True, False]
    assert event.status == "APPLIED"


async def test_a_restored_control_plane_is_listed_whole_and_the_unlisted_is_dropped(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    world.control.put("ann", {"enabled": True})
    world.control.put("bob", {"enabled": True})
    await world.live_until_idle()
    world.control.restore("epoch-2", keep=lambda slot: slot != "config/ann")

    await world.live_until_idle()

    assert world.gateway.served("config/ann") is None
    assert world.gateway.served("config/bob") is not None
    assert world.control.polls[-1].epoch == "epoch-2"


async def test_a_listing_in_pages_drops_nothing_before_its_end(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    for user in ("ann", "bob", "cid"):
        world.control.put(user, {"enabled": True})
    await world.live_until_idle()
    world.control.restore("epoch-2", keep=lambda slot: slot != "config/ann")
    world.control._page = 1
    pushes = len(world.gateway.pushes)

    await world.live_until_idle()

    assert world.gateway.served("config/ann") is None
    assert world.gateway.served("config/cid") is not None
    assert all(not changed for changed in world.gateway.pushes[pushes:])  # removals only, nothing came and went


async def test_a_revocation_said_once_is_not_believed(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.control.before["poll"] = [ControlPlaneRefused("UNAUTHENTICATED", "DATAPLANE_REVOKED", "revoked")]

    async with world.living() as life:
        await world.until(lambda: world.clock.waiting == 1)
        assert not life.done()
        world.clock.advance(31)
        await world.run_until_idle(life)

    assert world.gateway.alive


async def test_a_revocation_said_twice_half_a_minute_apart_ends_the_agent(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    refusal = ControlPlaneRefused("UNAUTHENTICATED", "DATAPLANE_REVOKED", "revoked")
    world.control.before["poll"] = [refusal, refusal]

    async with world.living() as life:
        await world.until(lambda: world.clock.waiting == 1)
        world.clock.advance(31)
        await asyncio.wait({life}, timeout=60)
        assert isinstance(life.exception(), DataplaneRevoked)


@pytest.mark.parametrize("reason", ["TOKEN_UNKNOWN_KEY", "TOKEN_BAD_SIGNATURE", "IDENTITY_CLONED"])
async def test_no_other_refusal_stops_the_serving(world: World, reason: str) -> None:
    put = world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.control.before["poll"] = [ControlPlaneRefused("UNAUTHENTICATED", reason, "no")] * 20

    await world.live_until_idle()

    assert world.gateway.served("config/") == put.document


async def test_a_lost_ledger_is_reported_and_nothing_is_served_until_everything_came(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    world.control.put("ann", {"enabled": True})
    await world.live_until_idle()
    world.ledger.wipe()
    world.gateway.die()
    world.control._page = 1

    await world.live_until_idle()

    first = [poll.report.ledger_lost for poll in world.control.polls if poll.boot.counter == 2]
    assert first[0]
    assert not first[-1]
    assert len(world.gateway.started_with[-1]) == 3  # keys, workspace and consumer: nothing before the last page


async def test_another_workspaces_ledger_is_passed_over(world: World) -> None:
    world.ledger.save(Memory("ws_other", revision=99))
    world.control.put("", {"models": ["a"]})

    await world.live_until_idle()

    assert world.control.polls[0].since_revision == 0
    assert world.control.polls[0].report.ledger_lost
    assert world.gateway.served("config/") is not None


async def test_a_bucket_that_is_damaged_costs_one_generation_of_it(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    newest = world.control.put("", {"models": ["b"]})
    await world.live_until_idle()
    world.gateway.die()
    [bucket] = [file for file in (world.folder / "ledger").glob("slots-*") if not file.name.endswith(".older")]
    bucket.write_bytes(b"")

    await world.live_until_idle()

    [started] = [one.body for one in world.gateway.started_with[-1].values() if one.slot == "config/"]
    assert b'"a"' in started
    assert "the generation before is used" in world.control.polls[-1].report.warnings[1]
    assert world.gateway.served("config/") == newest.document


async def test_a_ledger_with_a_hole_asks_for_everything_but_is_not_lost(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    ann = world.control.put("ann", {"enabled": True})
    await world.live_until_idle()
    for file in (world.folder / "ledger").glob("slots-*"):
        file.unlink()

    await world.live_until_idle()

    asked = next(poll for poll in world.control.polls if poll.boot.counter == 2)
    assert (asked.since_revision, asked.report.ledger_lost) == (0, False)
    assert world.gateway.served("config/ann") == ann.document


async def test_a_full_disk_keeps_what_runs_and_acknowledges_nothing_until_there_is_room(world: World) -> None:
    old = world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.control.put("", {"models": ["b"]})
    event = list(world.control.events.values())[-1]
    world.ledger.before.extend([LedgerError("No space left on device")] * 5)
    seen: list[tuple[str, bytes | None]] = []

    def look(answer: Answer) -> Answer:
        if world.ledger.before:
            seen.append((event.status, world.gateway.served("config/")))
        return answer

    world.control.tamper = look
    await world.live_until_idle()

    assert set(seen) == {("PENDING", old.document)}
    assert any("cannot be written" in warning for poll in world.control.polls for warning in poll.report.warnings)
    assert (event.status, event.attempt) == ("APPLIED", 1)


async def test_an_envoy_that_does_not_come_up_is_tried_again_and_then_serves_the_last_known_good(world: World) -> None:
    put = world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.gateway.die()
    world.gateway.faults = [GatewayUnavailable("no binary")] * 8

    await world.live_until_idle()

    assert world.gateway.served("config/") == put.document


async def test_the_port_of_the_last_known_good_taken_by_somebody_else_stops_nobody_else(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    ann = world.control.put("ann", {"enabled": True})
    await world.live_until_idle()
    world.gateway.die()
    world.gateway.refuses = b"models"

    await world.live_until_idle()

    assert world.gateway.served("config/ann") == ann.document
    assert any("refused: config/" in warning for warning in world.control.polls[-1].report.warnings)
