"""What an event's slot should come to: the newest version of whatever is kept in it."""

from __future__ import annotations

from controlplane.domain.events import Event
from controlplane.domain.slots import REVOCATIONS_SLOT, WORKSPACE_SLOT
from controlplane.services.ports import UnitOfWork

COMMANDS = "upgrade"  # slots that begin so hold commands: there is nothing to come to but the event itself


async def newest_of(work: UnitOfWork, event: Event) -> tuple[int, str]:
    """Version (0: there never was one) and digest (empty: there are no bytes to compare)."""
    slot = event.slot
    if slot.startswith(WORKSPACE_SLOT):
        newest = await work.configurations.newest(event.workspace_id, event.user_id)
        return (newest.version, newest.digest) if newest else (0, "")
    if slot == REVOCATIONS_SLOT:
        return await work.revocations.newest_revision(event.workspace_id), ""
    if slot.startswith(COMMANDS):
        return event.configuration_version, ""
    own = await work.values.newest(event.workspace_id, slot, event.dataplane_id)
    value = own or await work.values.newest(event.workspace_id, slot)
    return (value.version, value.digest) if value else (0, "")
