"""Which resources were read back from the connected Envoy: each is read once a version, not on every apply."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from liaison_agent.kinds import name_in_proof
from liaison_agent.ports import ProvenResource
from liaison_agent.state import Resource, ResourceKey, ResourceSet


class Proofs:
    """Valid for one stream: a stream that never broke is one Envoy process that never restarted."""

    def __init__(self) -> None:
        self._stream = 0
        self._seen = ResourceSet()
        self._proven: dict[ResourceKey, ProvenResource] = {}

    def begin(self, stream: int) -> None:
        """Forget everything if this is another stream than before."""
        if stream != self._stream:
            self._stream, self._seen, self._proven = stream, ResourceSet(), {}

    def missing(self, target: ResourceSet) -> Sequence[Resource]:
        """What of `target` was not yet seen in its version; what left the target loses its proof."""
        changed, gone = self._seen.diff(target)
        self.withdraw(gone)
        return changed

    def add(self, resources: Iterable[Resource]) -> None:
        """These were seen in Envoy, serving."""
        resources = tuple(resources)
        self._seen = self._seen.changed_by(put=resources)
        for one in resources:
            self._proven[one.key] = ProvenResource(name_in_proof(one.key), one.version)

    def withdraw(self, keys: Iterable[ResourceKey]) -> None:
        """These are gone, or no longer certain."""
        keys = tuple(keys)
        self._seen = self._seen.changed_by(drop=keys)
        for key in keys:
            self._proven.pop(key, None)

    def all(self) -> tuple[ProvenResource, ...]:
        """Every proof there is, in no particular order."""
        return tuple(self._proven.values())
