"""What agents say of themselves with every poll, written in batches: never a row a poll."""

from __future__ import annotations

from controlplane.domain.dataplanes import AgentReport
from controlplane.services.ports import Clock, Sighting, Store


class Sightings:
    """Collects in memory; `flush` writes the newest of each data plane. A crash loses seconds of it, no promise."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._seen: dict[str, Sighting] = {}
        self._reports: dict[str, AgentReport] = {}

    def saw(self, dataplane_id: str, report: AgentReport | None) -> None:
        """The data plane was heard just now; without a report its last one stands."""
        if report is not None:
            self._reports[dataplane_id] = report
        said = self._reports.get(dataplane_id)
        if said is not None:
            self._seen[dataplane_id] = Sighting(dataplane_id, self._clock.now(), said)

    async def flush(self) -> int:
        """Write what was heard since the last flush; how many data planes. What cannot be written is kept."""
        seen, self._seen = self._seen, {}
        if not seen:
            return 0
        try:
            async with self._store.unit_of_work() as work:
                await work.dataplanes.save_sightings(list(seen.values()))
        except Exception:
            self._seen = {**seen, **self._seen}
            raise
        return len(seen)
