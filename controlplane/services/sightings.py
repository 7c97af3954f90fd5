"""What agents say of themselves with every poll, written in batches: never a row a poll."""

from __future__ import annotations

from datetime import datetime

from controlplane.domain.dataplanes import AgentReport
from controlplane.services.ports import Clock, Sighting, Store, UnitOfWork

AT_ONCE = 1000


class Sightings:
    """Collects in memory; `flush` writes the newest of each data plane. A crash loses seconds of it, no promise."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._seen: dict[str, datetime] = {}
        self._reports: dict[str, AgentReport] = {}

    def saw(self, dataplane_id: str, report: AgentReport | None) -> None:
        """The data plane was heard just now; without a report its last one stands."""
        if report is not None:
            self._reports[dataplane_id] = report
        self._seen[dataplane_id] = self._clock.now()

    async def flush(self) -> int:
        """Write what was heard since the last flush; how many data planes. What cannot be written is kept.

        A crowd is written in parts: whoever else writes has a turn between two of them."""
        seen, self._seen = self._seen, {}
        waiting = list(seen)
        try:
            while waiting:
                part = waiting[:AT_ONCE]
                async with self._store.unit_of_work() as work:
                    await work.dataplanes.save_sightings(
                        [await self._sighting(work, each, seen[each]) for each in part]
                    )
                waiting = waiting[AT_ONCE:]
        except Exception:
            self._seen = {**{each: seen[each] for each in waiting}, **self._seen}
            raise
        return len(seen)

    async def _sighting(self, work: UnitOfWork, dataplane_id: str, seen_at: datetime) -> Sighting:
        """With the stored report when this process has heard none yet."""
        said = self._reports.get(dataplane_id)
        if said is None:
            stored = await work.dataplanes.get(dataplane_id)
            said = stored.report if stored else AgentReport()
        return Sighting(dataplane_id, seen_at, said)
