"""Counters of the control plane, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 35)


class Metrics:
    """A registry of its own, so that two control planes in one process (tests) do not meet."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "wire", "code")
        self._calls = Counter("agentrouter_calls", "Calls answered.", labels, registry=self._registry)
        self._seconds = Histogram(
            "agentrouter_call_seconds",
            "Time to the answer; hanging polls included.",
            ("method", "wire"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._known: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}

    def watch(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        """A gauge whose value is asked when the page is."""
        Gauge(name, help_text, registry=self._registry).set_function(read)

    def count(self, method: str, wire: str, code: str, seconds: float) -> None:
        """One call was answered."""
        found = self._known.get((method, wire, code))
        if found is None:
            found = (self._calls.labels(method, wire, code), self._seconds.labels(method, wire))
            self._known[(method, wire, code)] = found
        found[0].inc()
        found[1].observe(seconds)

    def page(self) -> bytes:
        """The text format."""
        return generate_latest(self._registry)
