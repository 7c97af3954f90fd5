"""Returns to the last known good: a data plane takes a proven version back, and the figures say why.

The running version of the slot goes back, the applied one never does: it says what was proven once. The version that
was taken back counts as refused until another one is desired, or somebody asks for it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class RevertFigures:
    """Of `requests` within `window`, `failures` failed; `failure_ratio` is what was judged, 0 to 1."""

    requests: int = 0
    failures: int = 0
    failure_ratio: float = 0.0
    window: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Revert:
    """`from_version` of the slot was taken back and `to_version` serves, 0: nothing.

    `workspace_version`, of a consumer's slot: the workspace document that it served together with; 0 when not told.
    `reverted_at`, by the agent's clock, tells one return from another of the same versions.
    """

    slot: str
    from_version: int
    to_version: int
    figures: RevertFigures = RevertFigures()
    reason: str = ""
    workspace_version: int = 0
    reverted_at: datetime | None = None

    def in_words(self) -> str:
        """For people, beside the version that it is about."""
        to = f"version {self.to_version}" if self.to_version else "nothing"
        figures = self.figures
        said = [self.reason] if self.reason else []
        if figures.requests:
            ratio, seconds = f"{figures.failure_ratio:.1%}", figures.window.total_seconds()
            said.append(f"{figures.failures} of {figures.requests} requests failed ({ratio}) within {seconds:g} s")
        why = f": {'; '.join(said)}" if said else ""
        return f"taken back, {to} serves{why}"


@dataclass(frozen=True, slots=True)
class EnteredRevert:
    """A return as it is kept of a slot; `entered_at` by the store's clock."""

    told: Revert
    entered_at: datetime

    def came_after(self, moment: datetime | None) -> bool:
        """Whether it was entered after that moment of the store's clock; of None it is not known."""
        return moment is not None and moment < self.entered_at
