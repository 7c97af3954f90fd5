"""How a data plane is doing, derived when asked: whether it is heard, and whether it runs what it should."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from contract.unsupported import says_not_supported
from controlplane.domain.dataplanes import Dataplane
from controlplane.services.outcomes import passes
from controlplane.services.ports import UnitOfWork

OFFLINE_AFTER = timedelta(seconds=105)  # three hanging polls of at most 30 s each, and their pauses
FIRST_LOOK = 16  # versions


class Connection(Enum):
    """Whether a data plane is heard."""

    ENROLLED = "enrolled"
    ONLINE = "online"
    OFFLINE = "offline"
    RETIRED = "retired"
    REVOKED = "revoked"


class Sync(Enum):
    """How what a data plane runs compares with what it should run."""

    SYNCED = "synced"
    STALE = "stale"
    DEGRADED = "degraded"
    INCOMPATIBLE = "incompatible"


@dataclass(frozen=True, slots=True)
class Health:
    """Both; a revoked data plane should run nothing, and `sync` is None."""

    connection: Connection
    sync: Sync | None


async def health_of(work: UnitOfWork, plane: Dataplane, desired_revision: int, now: datetime) -> Health:
    """`desired_revision`: the workspace's; `now`: of the clock that notes when data planes are heard.

    One query of a data plane that is in step, a few of others, whatever the number of slots.
    """
    connection = connection_of(plane, now)
    if connection is Connection.REVOKED:
        return Health(connection, None)
    refused = [state.rejected_reason for state in await work.slots.deviating(plane.id)]
    behind = not refused and plane.applied_revision < desired_revision and await _is_behind(work, plane)
    return Health(connection, sync_of(plane, refused, behind=behind))


def connection_of(plane: Dataplane, now: datetime) -> Connection:
    """As the last poll tells."""
    if plane.revoked_at is not None:
        return Connection.REVOKED
    if plane.retired_at is not None:
        return Connection.RETIRED
    if plane.last_seen_at is None:
        return Connection.ENROLLED
    return Connection.OFFLINE if now - plane.last_seen_at > OFFLINE_AFTER else Connection.ONLINE


def sync_of(plane: Dataplane, refused: Sequence[str], *, behind: bool) -> Sync:
    """`refused`: why, of each slot that deviates; `behind`: what is desired is in part neither applied nor refused. A
    consumer's backend without an access token is no slot's fault, and is told by the report alone."""
    reasons = (*refused, *(each.reason for each in plane.report.rejected))
    if any(map(says_not_supported, reasons)):
        return Sync.INCOMPATIBLE
    if refused or plane.report.outages:
        return Sync.DEGRADED
    return Sync.STALE if behind or plane.wanted_revision or plane.report.serving_stale_since else Sync.SYNCED


async def _is_behind(work: UnitOfWork, plane: Dataplane) -> bool:
    """The watermark stands before the first version that is neither applied nor refused: those next to it tell."""
    found = await work.slots.versions_since(plane.workspace_id, plane.id, plane.applied_revision, FIRST_LOOK)
    states = await work.slots.states_of(plane.id, {each.slot for each in found.versions}) if found.versions else {}
    return not all(passes(states.get(each.slot), each) for each in found.versions)
