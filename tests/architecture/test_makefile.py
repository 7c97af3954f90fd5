"""The Makefile is the way in: it has the targets people are told of, and explains each of them."""

from __future__ import annotations

import os
import subprocess

from tests.architecture.source_code import ROOT

TARGETS = ["help", "setup", "run", "test", "test-fast", "lint", "types", "gen", "check-gen", "bench", "bench-<name>"]


def make(*arguments: str) -> str:
    """Run make in the repository, unaffected by a make that runs these tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def test_help_lists_exactly_the_targets_in_order_each_with_a_text() -> None:
    rows = [line.split(maxsplit=1) for line in make("help").splitlines() if line.startswith("  ")]

    assert [row[0] for row in rows] == TARGETS
    assert all(len(row) == 2 for row in rows)


def test_make_alone_is_make_help() -> None:
    assert make() == make("help")


def test_every_benchmark_has_a_target() -> None:
    for path in (ROOT / "benchmarks").glob("bench_*.py"):
        name = path.stem.removeprefix("bench_")

        commands = make("--dry-run", f"bench-{name.replace('_', '-')}")

        assert f"benchmarks.{path.stem}" in commands
        assert name.replace("_", "-") in make("help")


def test_ci_runs_the_command_that_the_readme_names() -> None:
    script = (ROOT / ".ci" / "run").read_text()

    assert "make test" in script
    assert "make test" in (ROOT / "README.md").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
