"""A benchmark's outcome, as a person reads it and as JSON: what was run, what came out, how it stands to its goals."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from benchmarks.samples import Ratio

Cell = str | float | int

FAR_APART: Final = 1.25


@dataclass(frozen=True, slots=True)
class Table:
    """Figures side by side; a row has a cell for each column."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]] = field(default_factory=list)

    def text(self) -> str:
        """Aligned columns under the title."""
        lines = [self.columns, *[tuple(map(_shown, row)) for row in self.rows]]
        widths = [max(len(line[place]) for line in lines) for place in range(len(self.columns))]
        return "\n".join([self.title, *[_aligned(line, widths, self._words()) for line in lines]])

    def _words(self) -> list[bool]:
        """Which columns hold words, and stand on the left."""
        return [all(isinstance(row[place], str) for row in self.rows) for place in range(len(self.columns))]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One figure beside its goal. `figure` is the median over the repetitions; None: not measured, `shown` says why."""

    name: str
    figure: float | None
    shown: str
    goal: str
    met: bool | None

    def __str__(self) -> str:
        word = {True: "met", False: "MISSED", None: "-"}[self.met]
        return f"{word:6}  {self.name}: {self.shown}  (goal {self.goal})"


@dataclass(slots=True)
class Report:
    """All that one benchmark has to say."""

    name: str
    title: str
    commands: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    def text(self) -> str:
        """For a terminal."""
        parts = [f"== {self.name}: {self.title}", *_list("measured by", self.commands)]
        parts += [table.text() for table in self.tables]
        parts += _list("goals", [str(verdict) for verdict in self.verdicts])
        parts += _list("notes", self.notes) + _list("not installed, left out", self.absent)
        return "\n\n".join(parts)

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return asdict(self)


def at_least(name: str, ratio: Ratio, goal: float) -> Verdict:
    """A ratio that should not be smaller."""
    return Verdict(name, ratio.median, _judged(ratio, goal), f"≥ {goal:g}", ratio.median >= goal)


def at_most(name: str, ratio: Ratio, goal: float) -> Verdict:
    """A ratio that should not be greater."""
    return Verdict(name, ratio.median, _judged(ratio, goal), f"≤ {goal:g}", ratio.median <= goal)


def within(name: str, figure: float, goal: float, unit: str) -> Verdict:
    """A figure in `unit` that should not be greater."""
    return Verdict(name, figure, f"{_shown(figure)} {unit}", f"≤ {goal:g} {unit}", figure <= goal)


def not_measured(name: str, why: str, goal: str) -> Verdict:
    """A goal of which nothing is known this time."""
    return Verdict(name, None, f"not measured: {why}", goal, None)


def machine() -> dict[str, Any]:
    """What the figures were taken on; absolute ones mean little elsewhere."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _judged(ratio: Ratio, goal: float) -> str:
    """The ratio, and that it proves little where repetitions lie far apart on both sides of the goal."""
    far_apart = ratio.most > ratio.least * FAR_APART and ratio.least < goal < ratio.most
    return f"{ratio}, repetitions disagree: take it again" if far_apart else str(ratio)


def _list(title: str, lines: Sequence[str]) -> list[str]:
    return ["\n".join([title, *[f"  {line}" for line in lines]])] if lines else []


def _aligned(line: Sequence[str], widths: Sequence[int], words: Sequence[bool]) -> str:
    cells = zip(line, widths, words, strict=True)
    return "  " + "  ".join(f"{cell:<{width}}" if left else f"{cell:>{width}}" for cell, width, left in cells).rstrip()


def _shown(cell: Cell) -> str:
    """Three significant digits of a small figure, none after the point of a large one."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int) or abs(cell) >= 100:
        return f"{cell:,.0f}"
    return f"{cell:.2f}" if abs(cell) < 10 else f"{cell:.1f}"
