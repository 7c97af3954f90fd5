"""`make bench`: every benchmark in turn; the figures go to benchmarks/results/<date>.json and docs/BENCHMARKS.md."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.report import machine

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results"
PAGE = FOLDER.parent / "docs" / "BENCHMARKS.md"
LAST_RUN = "## The last run\n"


def names() -> list[str]:
    """Every benchmark there is, as modules are named."""
    return sorted(path.stem for path in FOLDER.glob("bench_*.py"))


def main() -> int:
    """Exit code 1 when one of them could not be run."""
    signal.signal(signal.SIGTERM, _end)
    reports, failed = [], []
    for name in names():
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            if _run(name, file.name):
                failed.append(name)
            else:
                reports.append(json.loads(Path(file.name).read_text()))
        print(flush=True)
    now = datetime.now(UTC)
    PAGE.write_text(with_last_run(PAGE.read_text(), [report.pop("text") for report in reports], now))
    path = write_results(reports, now, RESULTS)
    print(f"written: {path.relative_to(FOLDER.parent)}, {PAGE.relative_to(FOLDER.parent)}")
    if failed:
        print(f"could not be measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str, report: str) -> int:
    """Its exit code. It is let end what it started, however this process is told to end."""
    process = subprocess.Popen([sys.executable, "-m", f"benchmarks.{name}", "--json", report])
    try:
        return process.wait()
    except KeyboardInterrupt:  # the terminal told it, too
        process.wait()
        raise
    except SystemExit:
        process.terminate()
        process.wait()
        raise


def _end(_number: int, _frame: object) -> None:
    sys.exit(143)


def write_results(reports: list[dict[str, Any]], now: datetime, folder: Path) -> Path:
    """One file a day; a later run of the same day replaces it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now:%Y-%m-%d}.json"
    content = {"taken_at": now.isoformat(timespec="seconds"), "machine": machine(), "benchmarks": reports}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return path


def with_last_run(page: str, texts: list[str], now: datetime) -> str:
    """The page, its last section replaced by what was printed this time."""
    kept = page.partition(LAST_RUN)[0]
    about = machine()
    on = f"{now:%Y-%m-%d %H:%M} UTC, {about['cores']} cores, {about['system']}, CPython {about['python']}"
    printed = "\n\n\n".join(texts)
    return f"{kept}{LAST_RUN}\n{on}.\n\n```text\n{printed}\n```\n"


if __name__ == "__main__":
    sys.exit(main())
