"""What repeated measurements come to: medians, percentiles, and ratios of runs that stood side by side."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of load on one server. Times in milliseconds, `cpu_us` is the server's CPU a request, user and system."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median over the repetitions, and the smallest and greatest of them."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.least:.2f}-{self.most:.2f}]"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of all values do not exceed. Raises ValueError for none."""
    if not values:
        raise ValueError("there is no percentile of nothing")
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def middle(runs: Sequence[Measured]) -> Measured:
    """The median of each figure by itself."""
    return Measured(
        requests=round(statistics.median(run.requests for run in runs)),
        per_second=statistics.median(run.per_second for run in runs),
        p50_ms=statistics.median(run.p50_ms for run in runs),
        p99_ms=statistics.median(run.p99_ms for run in runs),
        cpu_us=statistics.median(run.cpu_us for run in runs),
    )


def ratio(of: Sequence[float], beside: Sequence[float]) -> Ratio:
    """Each repetition's figure over the one that stood beside it, so that a machine that drifts does not count."""
    if len(of) != len(beside) or not of:
        raise ValueError("a ratio needs the same repetitions on both sides, at least one")
    ratios = [one / other for one, other in zip(of, beside, strict=True)]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))
