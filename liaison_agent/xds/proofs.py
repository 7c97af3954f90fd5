"""Which resources were read back from the connected Envoy: each is read once a version, not on every apply."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from liaison_agent.kinds import name_in_proof
from liaison_agent.ports import ProvenResource
from liaison_agent.state import Resource, ResourceKey, ResourceSet


class Proofs:
    """Valid for one stream: a stream that never broke is one Envoy process that never restarted.

    Kept as the set that was last looked through and what of it is still open, so that looking through a similar set
    costs only what differs."""

    def __init__(self) -> None:
        self._stream = 0
        self._level = ResourceSet()
        self._open: set[ResourceKey] = set()
        self._proven: dict[ResourceKey, ProvenResource] = {}

    def begin(self, stream: int) -> None:
        """Forget everything if this is another stream than before."""
        if stream != self._stream:
            self._stream, self._level, self._open, self._proven = stream, ResourceSet(), set(), {}

    def missing(self, target: ResourceSet) -> Sequence[Resource]:
        """What of `target` was not yet seen in its version; what left the target loses its proof."""
        changed, gone = self._level.diff(target)
        for key in gone:
            self._open.discard(key)
            self._proven.pop(key, None)
        self.withdraw(resource.key for resource in changed)
        self._level = target
        return [target[key] for key in sorted(self._open) if key in target]

    def add(self, resources: Iterable[Resource]) -> None:
        """These of the set last looked through were seen in Envoy, serving."""
        for one in resources:
            self._open.discard(one.key)
            self._proven[one.key] = ProvenResource(name_in_proof(one.key), one.version)

    def withdraw(self, keys: Iterable[ResourceKey]) -> None:
        """These are no longer certain."""
        for key in keys:
            self._open.add(key)
            self._proven.pop(key, None)

    def all(self) -> tuple[ProvenResource, ...]:
        """Every proof there is, in no particular order."""
        return tuple(self._proven.values())
