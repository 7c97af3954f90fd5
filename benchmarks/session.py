"""One benchmark as a command: its options, its printed report, and the same as JSON where that is asked for."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.processes import CannotMeasure
from benchmarks.report import Report

AddOptions = Callable[[argparse.ArgumentParser], None]
Run = Callable[[argparse.Namespace], Report]


def main(description: str | None, add_options: AddOptions, run: Run) -> None:
    """Measure and print; exits 1 when the machine cannot. A missed goal is told, and is no failure.

    SIGTERM ends it as Ctrl-C does: with everything that was started."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--json", type=Path, help="file for the report as JSON", default=argparse.SUPPRESS)
    add_options(parser)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        report = run(options)
    except CannotMeasure as problem:
        sys.exit(f"cannot measure: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
    print(report.text(), flush=True)
    if "json" in options:
        options.json.write_text(json.dumps(report.as_json() | {"text": report.text()}))


def progress(line: str) -> None:
    """What is going on now, apart from the report."""
    print(f"  … {line}", file=sys.stderr, flush=True)
