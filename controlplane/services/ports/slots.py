"""What the store knows of slots: what should be in them, and the rows of those that a watermark does not tell of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from controlplane.domain.dataplanes import SlotState
from controlplane.domain.slots import AppliedSlot, DesiredSlot


@dataclass(frozen=True, slots=True)
class SlotVersions:
    """Versions in the order of their revisions, all there are up to the revision `complete_to`.

    Of a value only the newest version is known.
    """

    versions: tuple[DesiredSlot, ...]
    complete_to: int
    more: bool


class Slots(Protocol):
    """Slots of a workspace (what is desired) and of a data plane (what it made of it)."""

    async def desired_since(self, workspace_id: str, dataplane_id: str, revision: int) -> list[DesiredSlot]:
        """The newest version of each slot of the data plane whose revision is greater; ascending by revision."""

    async def desired_of(
        self, workspace_id: str, dataplane_id: str, slots: Collection[str]
    ) -> Mapping[str, DesiredSlot]:
        """The newest version of each of `slots`, tombstones too; absent when there never was one."""

    async def desired_page(self, workspace_id: str, dataplane_id: str, after: str, limit: int) -> list[DesiredSlot]:
        """The newest version of every slot of the data plane, ascending by slot, greater than `after`."""

    async def count(self, workspace_id: str, dataplane_id: str) -> int:
        """How many slots the data plane has."""

    async def versions_since(self, workspace_id: str, dataplane_id: str, revision: int, limit: int) -> SlotVersions:
        """Every version of every slot of the data plane, superseded ones too, with a greater revision."""

    async def applied_at(
        self, workspace_id: str, dataplane_id: str, revision: int, slots: Collection[str]
    ) -> Mapping[str, AppliedSlot]:
        """For each of `slots`, the newest version with revision ≤ `revision`; absent when there is none."""

    async def states_of(self, dataplane_id: str, slots: Collection[str]) -> Mapping[str, SlotState]:
        """The rows of `slots`, for those that have one."""

    async def deviating(self, dataplane_id: str) -> list[SlotState]:
        """The rows whose version was refused or given up, ascending by slot."""

    async def forget_covered(self, dataplane_id: str, revision: int) -> None:
        """Drop rows that say no more than a watermark at `revision`; the workspace document's keeps its proof."""

    async def drop(self, dataplane_id: str, slots: Collection[str]) -> None:
        """Drop the rows of `slots`."""
