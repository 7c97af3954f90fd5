"""What judging a large document costs beside reading its text alone, as JSON and as YAML."""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import yaml

from benchmarks.large_document import large_document
from benchmarks.processes import CannotMeasure
from benchmarks.report import Report, Table, at_most, within
from benchmarks.samples import ratio
from benchmarks.session import main, progress
from contract import canonical_bytes, judge_workspace, parse_text

MILLISECONDS: Final = 300
PER_ENTRY: Final = 1.5

UNCOLLECTED: Final = "judge, collector off"
TENTH: Final = "judge a tenth, collector off"

Step = Callable[[], object]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The goals are about the defaults; less is for trying."""
    parser.add_argument("--repetitions", type=int, default=7, help="of everything, interleaved")
    parser.add_argument("--models", type=int, default=1000, help="with a card, a LoRA and two backends each")
    parser.add_argument("--decisions", type=int, default=500, help="with two signals of their own each")
    parser.add_argument("--yaml", type=int, default=2, help="repetitions of the steps that read YAML")


def run(options: argparse.Namespace) -> Report:
    """Raises CannotMeasure."""
    whole = large_document(options.models, options.decisions)
    tenth = large_document(max(options.models // 10, 1), max(options.decisions // 10, 1))
    steps = _steps(whole) | {TENTH: _uncollected(lambda: judge_workspace(tenth))}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(options.repetitions):
        progress(f"repetition {turn + 1} of {options.repetitions}")
        for name, step in steps.items():
            if "YAML" not in name or turn < options.yaml:
                times[name].append(_milliseconds(step))
    return _report(times, len(json.dumps(whole)), options)


def _steps(whole: dict[str, Any]) -> dict[str, Step]:
    """What is measured, by name. Raises CannotMeasure when the document is not valid, and so says nothing."""
    judged = judge_workspace(whole)
    if judged.document is None:
        raise CannotMeasure(f"the document has faults: {judged.faults[:3]}")
    document, as_json, as_yaml = judged.document, json.dumps(whole), yaml.safe_dump(whole, sort_keys=False)
    broken = {**whole, "providers": {}}
    return {
        "json.loads": lambda: json.loads(as_json),
        "judge": lambda: judge_workspace(whole),
        UNCOLLECTED: _uncollected(lambda: judge_workspace(whole)),
        "judge the JSON text": lambda: judge_workspace(as_json),
        "judge with 1,000 faults": lambda: judge_workspace(
            broken | {"routing": {**whole["routing"], "modelCards": [{}]}}
        ),
        "canonical bytes": lambda: canonical_bytes(document),
        "read the YAML text": lambda: parse_text(as_yaml),
        "judge the YAML text": lambda: judge_workspace(as_yaml),
    }


def _uncollected(step: Step) -> Step:
    """Without Python's garbage collector, which walks everything that was made so far again and again."""

    def run_step() -> None:
        gc.disable()
        try:
            step()
        finally:
            gc.enable()

    return run_step


def _milliseconds(step: Step) -> float:
    gc.collect()
    started = time.perf_counter()
    step()
    return (time.perf_counter() - started) * 1000


def _report(times: dict[str, list[float]], size: int, options: argparse.Namespace) -> Report:
    report = Report("validate", "a large document judged, beside reading its text alone")
    title = f"{options.models:,} models, {options.decisions:,} decisions, {size // 1024:,} KiB of JSON; one core"
    table = Table(title, ("step", "ms", "of json.loads"))
    for name, each in times.items():
        beside = ratio(each, times["json.loads"][: len(each)])
        table.rows.append((name, statistics.median(each), str(beside)))
    report.tables.append(table)
    report.verdicts.append(within("judge", statistics.median(times["judge"]), MILLISECONDS, "ms"))
    per_entry = ratio(times[UNCOLLECTED], [10 * each for each in times[TENTH]])
    report.verdicts.append(at_most("an entry among ten times as many / among a tenth", per_entry, PER_ENTRY))
    report.notes += [
        "judge takes the mapping that json.loads gives: shapes, types, references, every rule; no text is read",
        "YAML is read by libyaml below PyYAML's safe constructor; positions are looked up only where there are faults",
    ]
    return report


if __name__ == "__main__":
    main(__doc__, add_options, run)
