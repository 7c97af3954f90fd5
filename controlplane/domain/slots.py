"""Slots: what a data plane should hold in each, what it holds, and the four ways in which the two may differ.

Theory of operation. Of a data plane a watermark is kept, its applied revision, and rows only for slots that it does not
tell the truth about: those applied ahead of it, and those whose version was refused or given up. So a slot's applied
version is its row's, and without a row the newest version that the watermark reaches. The watermark passes a version
once that version is applied, or refused and kept in a row; therefore what may differ from what is desired are the
slots that changed behind the watermark and the rows, and nothing else has to be looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from controlplane.domain.dataplanes import RejectedVersion, SlotState
from controlplane.domain.events import EventType

STALLED_AFTER = timedelta(minutes=5)
WORKSPACE_SLOT = "config/"
REVOCATIONS_SLOT = "revocations"
GATEKEEPER_SLOT = "gatekeeper_keys"
PROXY_URL_SLOT = "proxy_url"
MCP_SLOTS = "mcp/"
COMMAND_SLOTS = "upgrade"


class Finding(Enum):
    """How a slot deviates."""

    MISSING = "missing"
    STALE = "stale"
    ORPHANED = "orphaned"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class DesiredSlot:
    """The newest version of a slot; `removed`: it is a tombstone, so nothing should be there."""

    slot: str
    version: int
    revision: int
    digest: str
    removed: bool = False


@dataclass(frozen=True, slots=True)
class AppliedSlot:
    """What a data plane holds in a slot: version 0 or `removed` when nothing. `revision` 0: not known."""

    version: int
    removed: bool = False
    revision: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing is there."""
        return not self.version or self.removed


def finding_of(
    desired: DesiredSlot,
    applied: AppliedSlot,
    state: SlotState | None,
    newest_event_at: datetime | None,
    now: datetime,
    workspace_version: int,
    said: RejectedVersion | None = None,
) -> Finding | None:
    """None: as desired, or a live event younger than five minutes is about to make it so.

    `newest_event_at`: when the slot's newest live event was made. `workspace_version`: of the workspace document that
    the data plane composes consumers with; a consumer's refusal holds for that pair only. What was applied and then
    taken back is as good as refused. `said`: what the data plane last reported of the slot as refused.
    """
    taken_back = state is not None and state.reverted is not None
    if not taken_back and (applied.version == desired.version or (desired.removed and applied.empty)):
        return None
    if newest_event_at is not None and now - newest_event_at < STALLED_AFTER:
        return None
    if is_refused(desired, state, workspace_version, said):
        return Finding.REJECTED
    if desired.removed:
        return Finding.ORPHANED
    return Finding.MISSING if applied.empty and newest_event_at is None else Finding.STALE


def is_refused(
    desired: DesiredSlot, state: SlotState | None, workspace_version: int, said: RejectedVersion | None = None
) -> bool:
    """Whether exactly this version was refused (not only given up), a consumer's with this workspace document.

    `said`: the data plane tries a refused consumer again by itself with a newer workspace document, of which no event
    tells, but its reports do.
    """
    if state is None or state.given_up or state.rejected_version != desired.version:
        return False
    if not is_consumer(desired.slot) or state.rejected_with == workspace_version:
        return True
    return said is not None and (said.version, said.workspace_version) == (desired.version, workspace_version)


def is_document(slot: str) -> bool:
    """Whether the slot is the workspace document's or a consumer's."""
    return slot.startswith(WORKSPACE_SLOT)


def is_command(slot: str) -> bool:
    """Whether events of the slot are commands, which are never repeated: it holds nothing that could deviate."""
    return slot.startswith(COMMAND_SLOTS)


def is_consumer(slot: str) -> bool:
    """Whether the slot is a consumer's document's."""
    return slot.startswith(WORKSPACE_SLOT) and slot != WORKSPACE_SLOT


def user_of(slot: str) -> str:
    """The consumer of `config/<user>`; empty for every other slot."""
    return slot.removeprefix(WORKSPACE_SLOT) if slot.startswith(WORKSPACE_SLOT) else ""


def event_type_of(slot: str) -> EventType:
    """What an event says of a slot that is only told again."""
    if slot.startswith(MCP_SLOTS):
        return EventType.MCP_CATALOG_UPSERT
    names = {
        PROXY_URL_SLOT: EventType.PROXY_URL,
        REVOCATIONS_SLOT: EventType.TOKEN_REVOKED,
        GATEKEEPER_SLOT: EventType.GATEKEEPER_KEYS,
    }
    return names.get(slot, EventType.CONFIG_UPDATE)
