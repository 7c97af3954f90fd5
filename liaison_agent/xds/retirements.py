"""Clusters that nothing refers to any more stay for a while: connections of a replaced listener still route to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from liaison_agent.kinds import CLUSTER
from liaison_agent.state import ResourceKey, ResourceSet


class Retirements:
    """Says when what is not wanted any more may really go. `clock` is monotonic seconds."""

    def __init__(self, stay: timedelta, clock: Callable[[], float]) -> None:
        self._stay = stay.total_seconds()
        self._clock = clock
        self._due_at: dict[ResourceKey, float] = {}

    def may_go(self, unwanted: Iterable[ResourceKey], ran_before: ResourceSet) -> list[ResourceKey]:
        """Which of these to remove now: all but the clusters that served lately. `unwanted` is all that Envoy has too
        much; what waits and is not among it went already, perhaps with its Envoy, and is forgotten."""
        unwanted = list(unwanted)
        self._due_at = {key: self._due_at[key] for key in unwanted if key in self._due_at}
        return [key for key in unwanted if self._is_due(key, ran_before)]

    def come_back(self, wanted: ResourceSet) -> None:
        """What is wanted again does not retire any more."""
        for key in [key for key in self._due_at if key in wanted]:
            del self._due_at[key]

    def next_due_in(self) -> float | None:
        """Seconds until one may go, 0 when one may by now; None when none waits."""
        return max(0.0, min(self._due_at.values()) - self._clock()) if self._due_at else None

    def _is_due(self, key: ResourceKey, ran_before: ResourceSet) -> bool:
        if key in self._due_at:
            return self._due_at[key] <= self._clock()
        if key[0] == CLUSTER.type_url and key in ran_before:
            self._due_at[key] = self._clock() + self._stay
            return False
        return True
