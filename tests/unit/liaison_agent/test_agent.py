"""The loop against a simulated control plane: what is applied and concluded, and what never stops the serving."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from liaison_agent.ports import Answer
from liaison_agent.state import Configuration
from tests.fakes.agents import World
from tests.fakes.clocks import START


async def test_a_first_change_is_served_proven_and_completed_once(world: World) -> None:
    put = world.control.put("", {"models": ["a"]})

    await world.live_until_idle()

    [event] = world.control.events.values()
    assert (event.status, event.attempt) == ("APPLIED", 1)
    [completion] = event.completions
    assert (completion.version, completion.digest) == (1, put.digest)
    assert completion.proof is not None
    assert [name for name, _ in completion.proof.resources] == ["listener/public"]
    assert world.gateway.served("config/") == put.document


async def test_many_events_of_one_answer_are_one_push(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    for user in ("ann", "bob", "cid"):
        world.control.put(user, {"enabled": True})

    await world.live_until_idle()

    assert [event.status for event in world.control.events.values()] == ["APPLIED"] * 4
    assert len([pushed for pushed in world.gateway.pushes if len(pushed)]) == 1


async def test_nothing_is_served_before_the_full_set_has_come(world: World) -> None:
    world.control = type(world.control)(world.clock, world.control._sealing_public_key, page=1)
    world.control.put("", {"models": ["a"]})
    for user in ("ann", "bob", "cid"):
        world.control.put(user, {"enabled": True})

    await world.live_until_idle()

    [first] = world.gateway.started_with
    assert len(first) == 5  # the keys, the workspace's and three consumers': all pages


async def test_the_end_of_a_full_event_names_what_is_refused_elsewhere(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    world.control.put("ann", {"refuse": "bad regex"})
    await world.live_until_idle()

    full = world.control.ring("config/", full=True)
    await world.live_until_idle()

    [completion] = full.completions
    [refusal] = completion.rejected
    assert (refusal.slot, refusal.version, refusal.workspace_version) == ("config/ann", 1, 1)
    assert "bad regex" in refusal.reason


async def test_a_refusal_is_completed_failed_with_envoys_reason_and_the_older_version_serves_on(world: World) -> None:
    good = world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.control.put("", {"refuse": "bad regex"})

    await world.live_until_idle()

    event = list(world.control.events.values())[-1]
    assert event.status == "FAILED"
    [completion] = event.completions
    assert completion.version == 2
    assert not completion.retryable
    assert completion.error == "listener/public: bad regex"
    assert world.gateway.served("config/") == good.document


async def test_a_refused_version_does_not_come_back_when_envoy_or_the_agent_restart(world: World) -> None:
    good = world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.control.put("", {"refuse": "port in use"})
    await world.live_until_idle()
    world.gateway.die()

    await world.live_until_idle()

    assert world.gateway.served("config/") == good.document
    assert world.gateway.times_pushed(b"port in use") == 1


async def test_one_consumers_refusal_does_not_stop_the_others(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    world.control.put("ann", {"refuse": "bad header"})
    bob = world.control.put("bob", {"enabled": True})

    await world.live_until_idle()

    assert [event.status for event in world.control.events.values()] == ["APPLIED", "FAILED", "APPLIED"]
    assert world.gateway.served("config/bob") == bob.document


async def test_a_refused_version_is_tried_again_only_for_a_new_event(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    world.control.put("ann", {"refuse": "bad header"})
    await world.live_until_idle()
    world.control.put("bob", {"enabled": True})
    await world.live_until_idle()
    before = world.gateway.times_pushed(b"bad header")
    again = world.control.ring("config/ann")

    await world.live_until_idle()

    assert before == 1
    assert world.gateway.times_pushed(b"bad header") == 2
    assert again.status == "FAILED"


async def test_a_consumer_refused_with_one_workspace_version_is_tried_with_the_next(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    world.control.put("ann", {"refuse": "bad header"})
    await world.live_until_idle()

    world.control.put("", {"models": ["a", "b"]})
    await world.live_until_idle()

    assert world.gateway.times_pushed(b"bad header") == 2


async def test_an_event_without_a_change_is_proven_by_reading_back(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    again = world.control.ring("config/", full=True)

    await world.live_until_idle()

    assert again.status == "APPLIED"
    assert again.completions[0].proof is not None
    assert again.completions[0].proof.resources
    assert world.gateway.times_pushed(b"models") == 1


async def test_a_removed_consumer_is_taken_away(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    world.control.put("ann", {"enabled": True})
    await world.live_until_idle()
    world.control.remove("ann")

    await world.live_until_idle()

    assert list(world.control.events.values())[-1].status == "APPLIED"
    assert world.gateway.served("config/ann") is None


async def test_new_keys_count_even_when_the_document_beside_them_is_refused(world: World) -> None:
    world.control.put_value("gatekeeper_keys", b'{"keys":["old"]}')
    world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.control.put_value("gatekeeper_keys", b'{"keys":["new"]}')
    world.control.put("", {"refuse": "bad regex"})

    await world.live_until_idle()

    assert world.gateway.served("gatekeeper_keys") == b'{"keys":["new"]}'


async def test_a_document_that_does_not_pack_is_refused_like_one_that_envoy_refuses(world: World) -> None:
    good = world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.control.put("", {"does_not_pack": True})

    await world.live_until_idle()

    event = list(world.control.events.values())[-1]
    assert (event.status, event.completions[0].error) == ("FAILED", "the workspace document does not pack")
    assert world.gateway.served("config/") == good.document


async def test_a_secret_is_opened_and_filled_in(world: World) -> None:
    world.control.put("", {"key": "secret://openai@1"}, openai="sk-real")

    await world.live_until_idle()

    assert world.gateway.served("config/") == b'{"key": "sk-real"}'


async def test_an_older_document_gets_the_newest_value_of_its_secret(world: World) -> None:
    world.control.put("", {"key": "secret://openai@1"}, openai="sk-old")
    await world.live_until_idle()

    world.control.put("", {"key": "secret://openai@2", "refuse": "bad regex"}, openai="sk-new")
    await world.live_until_idle()

    assert world.gateway.served("config/") == b'{"key": "sk-new"}'


async def test_an_altered_document_is_not_taken_and_asked_for_again(world: World) -> None:
    good = world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    honest = world.control.tamper
    better = world.control.put("", {"models": ["b"]})

    def alter(answer: Answer) -> Answer:
        world.control.tamper = honest
        return _with_broken_bytes(answer)

    world.control.tamper = alter
    await world.live_until_idle()

    event = list(world.control.events.values())[-1]
    assert [one.retryable for one in event.completions] == [True, False]
    assert "do not have the digest" in event.completions[0].error
    assert event.status == "APPLIED"
    assert world.gateway.served("config/") == better.document != good.document


async def test_what_is_left_out_is_reported(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    world.control.put("ann", {"lacking": "model x"})

    await world.live_until_idle()

    assert world.control.polls[-1].report.warnings == ("left out: consumer ann: model x: the workspace lacks it",)


async def test_the_report_says_what_runs_and_what_was_refused(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    await world.live_until_idle()
    world.control.put("", {"refuse": "bad regex"})

    await world.live_until_idle()

    report = world.control.polls[-1].report
    assert report.received_revision == 2
    assert report.running == (("config/", 1),)
    assert report.rejected == (("config/", 2, "listener/public: bad regex", 2),)
    assert report.running_revision == report.received_revision
    assert (
        report.serving_stale_since == START + timedelta(seconds=world.clock.monotonic()) or report.serving_stale_since
    )
    assert report.envoy_version == "1.40.0-fake"


async def test_an_empty_workspace_is_concluded_without_an_envoy(world: World) -> None:
    event = world.control.ring("config/", full=True)

    await world.live_until_idle()

    assert event.status == "APPLIED"
    assert not world.gateway.alive


def _with_broken_bytes(answer: Answer) -> Answer:
    return replace(
        answer,
        received=tuple(replace(one, document=b"{}") for one in answer.received if isinstance(one, Configuration)),
    )
