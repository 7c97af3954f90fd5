"""What the agent says of itself: how far what it runs goes, what it refused, what it took back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from liaison_agent.memory import Memory, Rejection, Reverted, SlotMemory, Tombstone, Value
from liaison_agent.ports import Outage, Report
from liaison_agent.reporter import Reporter
from liaison_agent.state import Configuration
from tests.fakes.clocks import FakeClock
from tests.fakes.control_plane import ControlPlaneSimulator

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def doc(user_id: str, version: int, revision: int) -> Configuration:
    return Configuration("ws_1", user_id, version, revision, f"digest-{version}", b"{}")


def reported(memory: Memory, warnings: Iterable[str] = (), outages: Iterable[Outage] = ()) -> Report:
    clock = FakeClock()
    reporter = Reporter(ControlPlaneSimulator(clock, bytes(32)), clock, "0.1.0", lambda: outages)
    return reporter.report(memory, envoy_version="1.40", ledger_lost=False, warnings=warnings)


OLD, NEW = doc("", 1, 3), doc("", 2, 6)
ANN, GONE = doc("ann", 1, 8), Tombstone("config/ann", 2, 9)
REFUSED = {"config/": Rejection("config/", 2, 2, "bad regex", "ev_1")}


@pytest.mark.parametrize(
    ("memory", "reached"),
    [
        pytest.param(Memory("ws_1"), 0, id="nothing was received"),
        pytest.param(Memory("ws_1", revision=9, slots={"config/": SlotMemory(OLD, OLD)}), 9, id="all of it runs"),
        pytest.param(Memory("ws_1", revision=9, slots={"config/": SlotMemory(NEW, OLD)}), 5, id="one waits"),
        pytest.param(
            Memory("ws_1", revision=9, slots={"config/ann": SlotMemory(ANN), "config/": SlotMemory(NEW, OLD)}),
            5,
            id="the first of two that wait",
        ),
        pytest.param(
            Memory("ws_1", revision=9, slots={"config/": SlotMemory(NEW, OLD)}, rejections=REFUSED),
            9,
            id="what was refused is named instead",
        ),
        pytest.param(Memory("ws_1", revision=9, slots={"config/ann": SlotMemory(GONE)}), 9, id="nothing is gone"),
        pytest.param(Memory("ws_1", revision=9, slots={"config/ann": SlotMemory(GONE, ANN)}), 8, id="not gone yet"),
        pytest.param(
            Memory("ws_1", revision=9, slots={"odd": SlotMemory(Value("odd", 1, 4, "d", b"{}"))}),
            9,
            id="what it does not support is named instead",
        ),
    ],
)
def test_how_far_what_runs_goes(memory: Memory, reached: int) -> None:
    assert reported(memory).running_revision == reached


def test_what_was_taken_back_is_said_with_every_poll() -> None:
    slots, judged = ("config/b", "config/"), (9, 3, 1 / 3, timedelta(seconds=30))
    back = {slot: Reverted(slot, 2, 1, *judged, NOW, "5xx", 2) for slot in slots}

    report = reported(Memory("ws_1", reverts=back, rejections=REFUSED))

    assert report.reverted == (back["config/"], back["config/b"])
    assert report.rejected == (("config/", 2, "bad regex", 2),)


def test_warnings_are_as_long_and_as_many_as_a_report_takes_and_say_what_was_cut() -> None:
    report = reported(Memory("ws_1"), ["x" * 5000, *(f"w{number}" for number in range(150)), "w1"])

    assert len(report.warnings) == 100
    assert len(report.warnings[0]) == 2000
    assert report.warnings[0].endswith("x … (cut: 5000 characters in all)")
    assert report.warnings[-2:] == ("w97", "52 more warnings are not told here")


def test_as_many_warnings_as_there_may_be_are_told_as_they_are() -> None:
    assert reported(Memory("ws_1"), [f"w{n}" for n in range(100)]).warnings == tuple(f"w{n}" for n in range(100))


def test_backends_without_a_token_are_told_in_order_and_no_more_than_a_report_takes() -> None:
    outages = [(f"c{number:03}", "mine", "y" * 3000) for number in reversed(range(150))]

    told = reported(Memory("ws_1"), outages=outages).outages

    assert [user for user, _, _ in told] == [f"c{number:03}" for number in range(100)]
    assert all(len(why) == 2000 for _, _, why in told)
