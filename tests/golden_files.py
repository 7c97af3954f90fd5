"""Golden files: what a compiler wrote last time it was right, compared byte for byte."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Golden:
    """Compares with golden files, or with `--update-golden` writes them."""

    update: bool

    def check(self, path: Path, actual: str) -> None:
        """Fail with a diff when the file does not hold the actual text."""
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual, encoding="utf-8")
            return
        expected = path.read_text(encoding="utf-8") if path.exists() else ""
        if actual != expected:
            raise AssertionError(
                f"{path.name} differs; if the new output is right: --update-golden\n{_diff(expected, actual)}"
            )

    def check_complete(self, found: Iterable[Path], wanted: Iterable[Path]) -> None:
        """Fail when golden files lie around that no case produces; an update removes them."""
        stale = sorted(set(found) - set(wanted))
        if self.update:
            for path in stale:
                path.unlink()
        elif stale:
            raise AssertionError(f"no case produces {', '.join(path.name for path in stale)}; remove: --update-golden")


def _diff(expected: str, actual: str) -> str:
    return "".join(
        difflib.unified_diff(
            expected.splitlines(keepends=True), actual.splitlines(keepends=True), fromfile="golden", tofile="actual"
        )
    )
