"""Events: doorbells for the slots of a data plane, and the one state machine of their lives.

Theory of operation. An event is born PENDING. A boot of its data plane takes it (ACKNOWLEDGED) under a lease with a fencing
token; a greater boot takes over at once with a greater token, the same boot renews and keeps its token. The holder completes
it as APPLIED or FAILED; a retryable failure or a lapsed lease makes it PENDING again after a back-off, and after
MAX_ATTEMPTS it is a DEAD_LETTER. A newer event of the slot makes a PENDING one SUPERSEDED at once, and a live one when the
slot reaches a version that covers it. Terminal states have no way out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from controlplane.domain.dataplanes import Boot

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 5


class EventType(Enum):
    """What caused an event."""

    CONFIG_UPDATE = "config_update"
    BYOK_UPDATE = "byok_update"
    BYOK_DELETE = "byok_delete"
    MCP_CATALOG_UPSERT = "mcp_catalog_upsert"
    PROXY_URL = "proxy_url"
    TOKEN_REVOKED = "token_revoked"
    GATEKEEPER_KEYS = "gatekeeper_keys"
    UPGRADE = "upgrade"
    UPGRADE_ROLLBACK = "upgrade_rollback"
    UPGRADE_CANCEL = "upgrade_cancel"


class EventStatus(Enum):
    """Where an event is in its life."""

    PENDING = "pending"
    ACKNOWLEDGED = "acknowledged"
    APPLIED = "applied"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    DEAD_LETTER = "dead_letter"


TRANSITIONS: dict[EventStatus, frozenset[EventStatus]] = {
    EventStatus.PENDING: frozenset({EventStatus.ACKNOWLEDGED, EventStatus.SUPERSEDED}),
    EventStatus.ACKNOWLEDGED: frozenset(
        {
            EventStatus.ACKNOWLEDGED,
            EventStatus.PENDING,
            EventStatus.APPLIED,
            EventStatus.FAILED,
            EventStatus.SUPERSEDED,
            EventStatus.DEAD_LETTER,
        }
    ),
    EventStatus.APPLIED: frozenset(),
    EventStatus.FAILED: frozenset(),
    EventStatus.SUPERSEDED: frozenset(),
    EventStatus.DEAD_LETTER: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one slot of one data plane. `payload`, `metadata` and `proof` are JSON bytes (empty: none).

    `cursor` is the workspace's event cursor of the last time it became PENDING; `not_before` delays a retry.
    `completed_version`/`completed_digest` are what the completion named.
    """

    id: str
    workspace_id: str
    dataplane_id: str
    type: EventType
    slot: str
    user_id: str
    configuration_version: int
    status: EventStatus
    cursor: int
    created_at: datetime
    payload: bytes = b""
    metadata: bytes = field(default=b"", repr=False)
    etag: str = ""
    attempt: int = 0
    fencing_token: int = 0
    holder: Boot | None = None
    lease_expires_at: datetime | None = None
    not_before: datetime | None = None
    acknowledged_at: datetime | None = None
    completed_at: datetime | None = None
    completed_version: int = 0
    completed_digest: str = ""
    error: str = ""
    superseded_by: str = ""
    proof: bytes = b""

    @property
    def live(self) -> bool:
        """Whether anything may still happen to it."""
        return bool(TRANSITIONS[self.status])
