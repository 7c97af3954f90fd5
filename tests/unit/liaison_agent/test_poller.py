"""Asking: pauses, wishes, revocation."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from liaison_agent.poller import DataplaneRevoked, Poller
from liaison_agent.ports import (
    Boot,
    ControlPlaneError,
    ControlPlaneRefused,
    ControlPlaneUnreachable,
    Poll,
    Report,
)
from tests.fakes.clocks import FakeClock
from tests.fakes.control_plane import ControlPlaneSimulator

POLL = Poll(0, "", 0, timedelta(0), Boot(1, "nonce-001"), Report("0.1.0"))


class Loaded(random.Random):
    """Draws the same share of every range."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.drawn: list[tuple[float, float]] = []

    def uniform(self, a: float, b: float) -> float:
        self.drawn.append((a, b))
        return a + (b - a) * self.share


def poller(clock: FakeClock, randomness: random.Random) -> tuple[Poller, ControlPlaneSimulator]:
    control = ControlPlaneSimulator(clock, bytes(32))
    return Poller(control, clock, randomness), control


async def test_pauses_double_from_a_fifth_of_a_second_to_fifteen() -> None:
    clock, randomness = FakeClock(), Loaded(1.0)
    asking, control = poller(clock, randomness)
    control.before["poll"] = [ControlPlaneUnreachable("away")] * 9

    await asking.ask(POLL)

    assert clock.slept == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15.0, 15.0]


async def test_jitter_is_full_and_drawn_anew_for_each_pause() -> None:
    clock, randomness = FakeClock(), Loaded(0.5)
    asking, control = poller(clock, randomness)
    control.before["poll"] = [ControlPlaneUnreachable("away")] * 3

    await asking.ask(POLL)

    assert randomness.drawn == [(0, 0.2), (0, 0.4), (0, 0.8)]
    assert clock.slept == [0.1, 0.2, 0.4]


async def test_a_round_that_went_well_starts_again_with_the_shortest_pause() -> None:
    clock, randomness = FakeClock(), Loaded(1.0)
    asking, control = poller(clock, randomness)
    control.before["poll"] = [ControlPlaneUnreachable("away")] * 3
    await asking.ask(POLL)
    asking.all_went_well()
    control.before["poll"] = [ControlPlaneUnreachable("away")]

    await asking.ask(POLL)

    assert clock.slept[-1] == 0.2


async def test_an_answered_poll_alone_does_not_shorten_the_pauses() -> None:
    clock, randomness = FakeClock(), Loaded(1.0)
    asking, _ = poller(clock, randomness)
    for _ in range(3):
        await asking.ask(POLL)
        await asking.back_off(ControlPlaneUnreachable("acknowledging failed"))

    assert clock.slept == [0.2, 0.4, 0.8]


async def test_a_wish_for_a_pause_is_honoured_on_top_of_the_jitter() -> None:
    clock, randomness = FakeClock(), Loaded(0.5)
    asking, control = poller(clock, randomness)
    control.before["poll"] = [ControlPlaneUnreachable("busy", retry_after=timedelta(seconds=7))]

    await asking.ask(POLL)

    assert clock.slept == [7.1]


async def test_the_next_question_waits_as_long_as_the_answer_said() -> None:
    clock = FakeClock()
    asking, control = poller(clock, Loaded(0.5))
    control.next_poll_after = timedelta(seconds=4)
    await asking.ask(POLL)

    await asking.ask(POLL)

    assert clock.slept == [4]


async def test_a_page_of_an_answer_is_followed_at_once() -> None:
    clock = FakeClock()
    asking, control = poller(clock, Loaded(0.5))
    control.next_poll_after = timedelta(seconds=4)
    control._page = 1
    control.put("", {})
    control.put("ann", {})

    assert (await asking.ask(POLL)).more
    await asking.ask(POLL)

    assert clock.slept == []


@pytest.mark.parametrize(
    "error",
    [
        ControlPlaneRefused("UNAUTHENTICATED", "TOKEN_UNKNOWN_KEY", "no"),
        ControlPlaneRefused("NOT_FOUND", "NOT_FOUND", "no"),
        ControlPlaneUnreachable("away"),
    ],
)
async def test_no_failure_but_revocation_ends_the_asking(error: ControlPlaneError) -> None:
    asking, control = poller(FakeClock(), Loaded(0.5))
    control.before["poll"] = [error] * 100

    await asking.ask(POLL)

    assert len(control.polls) == 101


async def test_a_second_refusal_is_believed_only_half_a_minute_after_the_first() -> None:
    clock = FakeClock()
    asking, _ = poller(clock, Loaded(0.0))
    revoked = ControlPlaneRefused("UNAUTHENTICATED", "DATAPLANE_REVOKED", "revoked")
    first = asyncio.create_task(asking.back_off(revoked))
    await asyncio.sleep(0)
    clock.advance(10)

    second = asyncio.create_task(asking.back_off(revoked))
    await asyncio.sleep(0)

    assert clock.slept == [30, 20]
    clock.advance(20)
    await asyncio.gather(first, second)
    with pytest.raises(DataplaneRevoked):
        await asking.back_off(revoked)
