"""Which version of a slot is wanted, and how events end: a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from liaison_agent import planner
from liaison_agent.memory import (
    HeldEvent,
    Memory,
    Proof,
    Rejection,
    Reverted,
    Secret,
    SlotMemory,
    Tombstone,
    Value,
)
from liaison_agent.state import Configuration

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PROOF = Proof("1.40", (), NOW)


def doc(user_id: str, version: int) -> Configuration:
    return Configuration("ws_1", user_id, version, version, f"digest-{version}", b"{}")


OLD, NEW = doc("", 1), doc("", 2)
ANN_OLD, ANN_NEW = doc("ann", 1), doc("ann", 2)
KEYS_OLD, KEYS_NEW = (Value("gatekeeper_keys", one, one, "d", b'{"keys":[%d]}' % one) for one in (1, 2))


def rejected(slot: str, version: int, *, workspace_version: int = 2, event_id: str = "ev_1") -> dict[str, Rejection]:
    return {slot: Rejection(slot, version, workspace_version, "bad regex", event_id)}


@pytest.mark.parametrize(
    "memory, slot, wanted",
    [
        pytest.param(Memory("ws_1"), "config/", None, id="nothing received"),
        pytest.param(Memory("ws_1", slots={"config/": SlotMemory(NEW)}), "config/", NEW, id="never served"),
        pytest.param(Memory("ws_1", slots={"config/": SlotMemory(NEW, OLD)}), "config/", NEW, id="newer than good"),
        pytest.param(
            Memory("ws_1", slots={"config/": SlotMemory(NEW, OLD)}, rejections=rejected("config/", 2)),
            "config/",
            OLD,
            id="refused, so the last known good",
        ),
        pytest.param(
            Memory("ws_1", slots={"config/": SlotMemory(NEW)}, rejections=rejected("config/", 2)),
            "config/",
            None,
            id="refused, and there was none before",
        ),
        pytest.param(
            Memory("ws_1", slots={"config/": SlotMemory(NEW, OLD)}, rejections=rejected("config/", 1)),
            "config/",
            NEW,
            id="an older one was refused",
        ),
        pytest.param(
            Memory("ws_1", slots={"config/ann": SlotMemory(Tombstone("config/ann", 3, 3), ANN_OLD)}),
            "config/ann",
            None,
            id="removed",
        ),
        pytest.param(
            Memory(
                "ws_1",
                slots={"config/": SlotMemory(NEW, NEW), "config/ann": SlotMemory(ANN_NEW, ANN_OLD)},
                rejections=rejected("config/ann", 2),
            ),
            "config/ann",
            ANN_OLD,
            id="a consumer's, refused with this workspace version",
        ),
        pytest.param(
            Memory(
                "ws_1",
                slots={"config/": SlotMemory(NEW, NEW), "config/ann": SlotMemory(ANN_NEW, ANN_OLD)},
                rejections=rejected("config/ann", 2, workspace_version=1),
            ),
            "config/ann",
            ANN_NEW,
            id="a consumer's, refused with another workspace version",
        ),
        pytest.param(
            Memory(
                "ws_1",
                slots={"config/": SlotMemory(NEW, NEW), "config/ann": SlotMemory(ANN_NEW, ANN_OLD)},
                rejections=rejected("config/ann", 2),
                barred=frozenset({"config/ann"}),
            ),
            "config/ann",
            None,
            id="a consumer's, refused, and disabled by it all the same",
        ),
    ],
)
def test_the_version_wanted_of_a_slot(memory: Memory, slot: str, wanted: Configuration | None) -> None:
    assert planner.plan_newest(memory).chosen.get(slot) is wanted


@pytest.mark.parametrize(
    "known, barred, wanted",
    [
        pytest.param(SlotMemory(ANN_NEW, ANN_OLD), False, ANN_OLD, id="the proven one, not the newest"),
        pytest.param(SlotMemory(ANN_NEW), False, None, id="nothing was proven"),
        pytest.param(SlotMemory(ANN_NEW, ANN_NEW), True, ANN_NEW, id="the newest is proven, and says disabled itself"),
        pytest.param(SlotMemory(ANN_NEW, ANN_OLD), True, None, id="disabled by a version that was not proven"),
    ],
)
def test_the_last_known_good_of_a_consumer(known: SlotMemory, barred: bool, wanted: Configuration | None) -> None:
    bars = frozenset({"config/ann"}) if barred else frozenset()
    memory = Memory("ws_1", slots={"config/": SlotMemory(OLD, OLD), "config/ann": known}, barred=bars)

    assert planner.plan_last_known_good(memory).chosen["config/ann"] is wanted


def test_the_newest_keys_count_even_for_the_last_known_good() -> None:
    memory = Memory("ws_1", slots={"config/": SlotMemory(NEW, OLD), "gatekeeper_keys": SlotMemory(KEYS_NEW, KEYS_OLD)})

    plan = planner.plan_last_known_good(memory)

    assert plan.desired.jwks == b'{"keys":[2]}'
    assert plan.desired.workspace is OLD


def test_without_keys_nobody_has_a_key() -> None:
    assert planner.plan_newest(Memory("ws_1")).desired.jwks == b'{"keys":[]}'


def test_a_refused_version_that_served_before_is_not_held_against_itself() -> None:
    memory = Memory("ws_1", slots={"config/": SlotMemory(OLD, OLD)})

    assert planner.rejecting(memory, planner.plan_newest(memory), {"config/": "port in use"}, ()) is memory


def test_a_new_event_forgets_a_refusal_and_a_repeated_one_does_not() -> None:
    memory = Memory("ws_1", slots={"config/": SlotMemory(NEW, OLD)}, rejections=rejected("config/", 2))

    again = planner.retried(memory, [HeldEvent("ev_1", "config/", 2, 2)], everything=False)
    anew = planner.retried(memory, [HeldEvent("ev_2", "config/", 2, 1)], everything=False)

    assert planner.plan_newest(again).desired.workspace is OLD
    assert planner.plan_newest(anew).desired.workspace is NEW


def test_what_was_taken_back_stands_until_it_is_tried_again_or_something_else_is_proven() -> None:
    back = Reverted("config/", 2, 1, 9, 3, 1 / 3, timedelta(seconds=30), NOW)
    memory = Memory(
        "ws_1",
        slots={"config/": SlotMemory(NEW, OLD)},
        rejections=rejected("config/", 2),
        reverts={"config/": back},
    )
    newer = replace(memory, slots={"config/": SlotMemory(doc("", 3), OLD)})

    assert planner.retried(memory, [HeldEvent("ev_1", "config/", 2, 2)], everything=False).reverts == {"config/": back}
    assert planner.retried(memory, [HeldEvent("ev_2", "config/", 2, 1)], everything=False).reverts == {}
    assert planner.retried(memory, [], everything=True).reverts == {}
    assert planner.proven(memory, planner.plan_newest(memory), {}).reverts == {"config/": back}
    assert planner.proven(newer, planner.plan_newest(newer), {"config/": "no"}).reverts == {"config/": back}
    assert planner.proven(newer, planner.plan_newest(newer), {}).reverts == {}


def test_what_was_proven_is_the_last_known_good_and_no_longer_refused() -> None:
    memory = Memory("ws_1", slots={"config/": SlotMemory(NEW, OLD)}, rejections=rejected("config/", 1))

    proven = planner.proven(memory, planner.plan_newest(memory), {})

    assert proven.good("config/") is NEW
    assert proven.rejections == {}


def test_a_removed_slot_has_no_last_known_good_once_that_is_proven() -> None:
    gone = Tombstone("config/ann", 3, 3)
    memory = Memory("ws_1", slots={"config/": SlotMemory(OLD, OLD), "config/ann": SlotMemory(gone, ANN_OLD)})

    assert planner.proven(memory, planner.plan_newest(memory), {}).good("config/ann") is None


def test_a_refused_slot_keeps_its_last_known_good() -> None:
    memory = Memory("ws_1", slots={"config/": SlotMemory(NEW, OLD)})

    assert planner.proven(memory, planner.plan_newest(memory), {"config/": "bad"}).good("config/") is OLD


@pytest.mark.parametrize(
    "memory, refused, applied, version, error",
    [
        pytest.param(Memory("ws_1", slots={"config/": SlotMemory(NEW, NEW)}), {}, True, 2, "", id="proven"),
        pytest.param(
            Memory("ws_1", slots={"config/": SlotMemory(NEW, OLD)}, rejections=rejected("config/", 2)),
            {},
            False,
            2,
            "bad regex",
            id="refused before",
        ),
        pytest.param(
            Memory("ws_1", slots={"config/": SlotMemory(NEW, NEW)}), {"config/": "no"}, False, 2, "no", id="refused now"
        ),
        pytest.param(
            Memory("ws_1", slots={"config/": SlotMemory(Tombstone("config/", 3, 3))}), {}, True, 3, "", id="removed"
        ),
    ],
)
def test_how_an_event_ends(memory: Memory, refused: dict[str, str], applied: bool, version: int, error: str) -> None:
    completion = planner.conclude(memory, HeldEvent("ev_1", "config/", 2, 7), refused, PROOF)

    assert (completion.applied, completion.version, completion.error) == (applied, version, error)
    assert (completion.fencing_token, completion.retryable) == (7, False)


def test_a_reason_is_cut_to_what_the_api_takes() -> None:
    completion = planner.failed(HeldEvent("ev_1", "config/", 2, 7), "x" * 10_000, version=2)

    assert len(completion.error) == 4000
    assert completion.error.endswith(" characters in all)")


def test_who_may_be_at_fault_is_what_never_served() -> None:
    memory = Memory("ws_1", slots={"config/": SlotMemory(OLD, OLD), "config/ann": SlotMemory(ANN_NEW, ANN_OLD)})
    worse = replace(memory, slots={**memory.slots, "config/": SlotMemory(NEW, OLD)})

    assert planner.suspects(memory, planner.plan_newest(memory)) == {"config/ann"}
    assert planner.suspects(worse, planner.plan_newest(worse)) == {"config/"}


def test_a_consumers_refusal_says_which_workspace_document_it_was_refused_with() -> None:
    bob = Configuration("ws_1", "bob", 3, 4, "d3", b"{}")
    memory = Memory(
        "ws_1", slots={"config/bob": SlotMemory(bob)}, rejections=rejected("config/bob", 3, workspace_version=2)
    )

    completion = planner.conclude(memory, HeldEvent("ev_1", "config/bob", 3, 7), {"config/bob": "no"}, PROOF)

    assert (completion.applied, completion.version, completion.workspace_version) == (False, 3, 2)


def test_the_credentials_of_a_removed_consumer_go_once_the_removal_is_proven() -> None:
    gone = Tombstone("config/ann", 3, 3)
    own, shared = "secret://byok/ann/mine@4", "secret://backends/m/main@1"
    body = b'{"credential":"secret://byok/ann/mine@4"}'
    ann = Configuration("ws_1", "ann", 2, 2, "digest-2", body)
    workspace = Configuration("ws_1", "", 1, 1, "digest-1", b'{"api_key":"secret://backends/m/main@1"}')
    secrets = {own: Secret("https://own.example:443", "OWN"), shared: Secret("https://api.example:443", "SHARED")}
    slots = {"config/": SlotMemory(workspace, workspace), "config/ann": SlotMemory(gone, ann)}
    memory = Memory("ws_1", slots=slots, secrets=secrets)

    refused = planner.proven(memory, planner.plan_newest(memory), {"config/ann": "cannot be removed"})
    removed = planner.proven(memory, planner.plan_newest(memory), {})

    assert set(refused.secrets) == {own, shared}
    assert set(removed.secrets) == {shared}
