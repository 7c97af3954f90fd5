"""A report says what was run, what came out and how it stands to its goals, to people and to programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.__main__ import names, with_last_run, write_results
from benchmarks.report import Report, Table, at_least, at_most, not_measured, within
from benchmarks.samples import Ratio


def test_words_stand_on_the_left_and_figures_on_the_right() -> None:
    table = Table("title", ("server", "req/s"), [("ours", 12_345.6), ("nginx", 7.0)])

    assert table.text().splitlines() == ["title", "  server   req/s", "  ours    12,346", "  nginx     7.00"]


def test_a_ratio_is_judged_by_its_median() -> None:
    assert at_least("a", Ratio(0.86, 0.7, 0.9), 0.85).met
    assert not at_least("a", Ratio(0.84, 0.7, 0.9), 0.85).met
    assert at_most("a", Ratio(2.9, 2.0, 4.0), 3).met
    assert not at_most("a", Ratio(3.1, 2.0, 4.0), 3).met


def test_repetitions_far_apart_on_both_sides_of_the_goal_are_said_to_prove_little() -> None:
    assert "take it again" in at_least("a", Ratio(0.88, 0.7, 1.3), 0.85).shown
    assert "take it again" not in at_least("a", Ratio(0.86, 0.84, 0.88), 0.85).shown
    assert "take it again" not in at_least("a", Ratio(0.99, 0.9, 1.3), 0.85).shown


def test_a_verdict_names_figure_and_goal() -> None:
    assert str(within("received p50", 61.2, 50, "ms")) == "MISSED  received p50: 61.2 ms  (goal ≤ 50 ms)"


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    verdict = not_measured("effective in Envoy", "no agent", "≤ 500 ms")

    assert verdict.met is None
    assert str(verdict) == "-       effective in Envoy: not measured: no agent  (goal ≤ 500 ms)"


def test_an_absent_peer_is_named_with_its_install_line() -> None:
    report = Report("poll", "polls", absent=["wrk: apt-get install wrk"])

    assert "not installed, left out\n  wrk: apt-get install wrk" in report.text()


def test_results_of_a_day_are_one_json_file(tmp_path: Path) -> None:
    report = Report("poll", "polls", tables=[Table("t", ("a",), [("b",)])], verdicts=[within("x", 1.0, 2, "ms")])

    path = write_results([report.as_json()], datetime(2026, 3, 1, 12, tzinfo=UTC), tmp_path / "results")

    content = json.loads(path.read_text())
    assert path.name == "2026-03-01.json"
    assert content["taken_at"] == "2026-03-01T12:00:00+00:00"
    assert content["benchmarks"][0]["verdicts"][0] == {
        "name": "x",
        "figure": 1.0,
        "shown": "1.00 ms",
        "goal": "≤ 2 ms",
        "met": True,
    }


def test_the_page_keeps_everything_before_its_last_run() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    once = with_last_run("# Benchmarks\n\nWords.\n\n## The last run\n\nold\n", ["first", "second"], now)
    twice = with_last_run(once, ["third"], now)

    assert once.startswith("# Benchmarks\n\nWords.\n\n## The last run\n\n2026-03-01 12:00 UTC, ")
    assert once.endswith("```text\nfirst\n\n\nsecond\n```\n")
    assert twice.endswith("```text\nthird\n```\n")
    assert twice.count("## The last run") == 1


def test_every_benchmark_is_run_by_make_bench() -> None:
    assert "bench_poll" in names()
