"""`kill -9` of the agent after each step: the next life converges, with at most one more push and one completion."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from liaison_agent.compiler.compilation import Compiled
from liaison_agent.state import Desired
from tests.fakes.agents import Killed, World
from tests.fakes.gateway import compile_simply


def _when_planned(world: World) -> None:
    def die(desired: Desired, *, previous: Compiled | None) -> Compiled:
        if desired.workspace is not None and b'"new"' in desired.workspace.document:
            world.compile = compile_simply
            raise Killed
        return compile_simply(desired)

    world.compile = die


# In the first life that matters the agent saves when it has received, and when it has applied.
STEPS: dict[str, Callable[[World], None]] = {
    "fetched": lambda world: world.ledger.before.append(Killed()),
    "kept": lambda world: world.ledger.after.append(Killed()),
    "acknowledged": lambda world: world.control.after.update(acknowledge=[Killed()]),
    "planned": _when_planned,
    "pushed": lambda world: world.gateway.after_push.append(Killed()),
    "read back": lambda world: world.ledger.before.extend([None, Killed()]),
    "owing": lambda world: world.ledger.after.extend([None, Killed()]),
    "completed": lambda world: world.control.after.update(complete=[Killed()]),
    "settled": lambda world: world.ledger.after.extend([None, None, Killed()]),
}


@pytest.mark.parametrize("envoy_dies_too", [False, True], ids=["envoy lives", "envoy dies"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_kill_after_any_step_converges(world: World, step: str, *, envoy_dies_too: bool) -> None:
    world.control.put("", {"models": ["old"]})
    await world.live_until_idle()
    changed = world.control.put("", {"models": ["new"]})
    STEPS[step](world)

    await world.live_until_killed()
    if envoy_dies_too:
        world.gateway.die()
    await world.live_until_idle()

    event = list(world.control.events.values())[-1]
    assert event.status == "APPLIED"
    assert len(event.completions) == 1
    assert world.gateway.served("config/") == changed.document
    assert world.gateway.times_pushed(b'"new"') <= (2 if envoy_dies_too else 1)


async def test_a_version_that_was_live_when_the_agent_died_is_not_rolled_back(world: World) -> None:
    world.control.put("", {"models": ["old"]})
    await world.live_until_idle()
    world.control.put("", {"models": ["new"]})
    world.gateway.after_push.append(Killed())
    await world.live_until_killed()

    await world.live_until_idle()

    assert world.gateway.times_pushed(b'"old"') == 1


async def test_a_version_that_was_not_proven_does_not_start_an_envoy_that_died_too(world: World) -> None:
    world.control.put("", {"models": ["old"]})
    await world.live_until_idle()
    world.control.put("", {"models": ["new"]})
    world.gateway.after_push.append(Killed())
    await world.live_until_killed()
    world.gateway.die()

    await world.live_until_idle()

    assert any(b'"old"' in one.body for one in world.gateway.started_with[-1].values())


async def test_a_kill_in_the_middle_of_a_refusal_keeps_the_older_version(world: World) -> None:
    good = world.control.put("", {"models": ["old"]})
    await world.live_until_idle()
    world.control.put("", {"refuse": "bad regex"})
    world.ledger.before.extend([None, Killed()])
    await world.live_until_killed()
    world.gateway.die()

    await world.live_until_idle()

    event = list(world.control.events.values())[-1]
    assert (event.status, len(event.completions)) == ("FAILED", 1)
    assert world.gateway.served("config/") == good.document


async def test_a_kill_in_the_middle_of_a_listing_means_being_told_again(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    for user in ("ann", "bob", "cid"):
        world.control.put(user, {"enabled": True})
    await world.live_until_idle()
    world.control.restore("epoch-2", keep=lambda slot: slot != "config/ann")
    world.control._page = 1
    world.control.before["poll"] = [None, None, Killed()]
    await world.live_until_killed()

    await world.live_until_idle()

    assert world.gateway.served("config/ann") is None
    assert world.gateway.served("config/cid") is not None
