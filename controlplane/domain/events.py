"""Events: doorbells for the slots of a data plane, and the one state machine of their lives.

Theory of operation. An event is born PENDING. A boot of its data plane takes it (ACKNOWLEDGED) under a lease with a
fencing token; a greater boot takes over at once with a greater token, the same boot renews and keeps its token. The
holder completes it as APPLIED or FAILED; a retryable failure or a lapsed lease makes it PENDING again, and the
MAX_ATTEMPTS-th of those a DEAD_LETTER. A newer event of the slot makes a PENDING one SUPERSEDED at once, and a live one
when the slot reaches a version that covers it. Finished states have no way out, but for a DEAD_LETTER that an operator
replays: it is PENDING again with fresh attempts. A lapsed lease that nobody took may still be renewed or completed by
its holder. After a retryable failure nobody holds the event and its token is spent.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Self

from controlplane.domain.dataplanes import Boot
from controlplane.domain.errors import StateConflict, Unauthenticated

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 5
RETRY_BASE = timedelta(seconds=1)
RETRY_LIMIT = timedelta(seconds=60)


class EventType(Enum):
    """What caused an event."""

    CONFIG_UPDATE = "config_update"
    BYOK_UPDATE = "byok_update"
    BYOK_DELETE = "byok_delete"
    MCP_CATALOG_UPSERT = "mcp_catalog_upsert"
    PROXY_URL = "proxy_url"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - an event's name
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


P, A = EventStatus.PENDING, EventStatus.ACKNOWLEDGED
TRANSITIONS: dict[EventStatus, frozenset[EventStatus]] = {
    P: frozenset({P, A, EventStatus.APPLIED, EventStatus.FAILED, EventStatus.SUPERSEDED}),
    A: frozenset(set(EventStatus)),
    EventStatus.APPLIED: frozenset(),
    EventStatus.FAILED: frozenset(),
    EventStatus.SUPERSEDED: frozenset(),
    EventStatus.DEAD_LETTER: frozenset({P}),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one slot of one data plane. `payload`, `metadata` and `proof` are JSON bytes (empty: none).

    `cursor` is the workspace's event cursor of the last time it became PENDING; `not_before` delays a retry.
    `attempt` is 0 until the first acknowledgement. A PENDING event with a `holder` is one whose lease lapsed.
    `completed_version` and `completed_digest` are what the completion named.
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
        """Whether anything may still happen to it by itself."""
        return self.status in (P, A)

    def acknowledge(self, boot: Boot, now: datetime) -> Self:
        """Take it, take it over, or renew the lease; refuses an older boot and a second agent with one identity."""
        if not self.live:
            raise StateConflict(
                f"the event is {self.status.value} and cannot be acknowledged any more",
                subject=self.id,
                reason="EVENT_FINISHED",
            )
        check_boot(self.holder, boot)
        if self.holder == boot and self.fencing_token:
            return self._to(A, lease_expires_at=now + LEASE, not_before=None)
        return self._to(
            A,
            holder=boot,
            attempt=self.attempt + 1,
            fencing_token=self.fencing_token + 1,
            lease_expires_at=now + LEASE,
            acknowledged_at=now,
            not_before=None,
        )

    def complete_applied(self, token: int, version: int, digest: str, proof: bytes, now: datetime) -> Self:
        """Proven applied at `version`; the same completion again returns the event unchanged."""
        if self.status is EventStatus.APPLIED and (token, version) == (self.fencing_token, self.completed_version):
            return self
        self._check_token(token)
        return self._end(EventStatus.APPLIED, version, digest, now, proof=proof, error="")

    def complete_failed(self, token: int, version: int, digest: str, error: str, now: datetime) -> Self:
        """Refused by the data plane for good; the same completion again returns the event unchanged."""
        if self.status is EventStatus.FAILED and (token, version) == (self.fencing_token, self.completed_version):
            return self
        self._check_token(token)
        return self._end(EventStatus.FAILED, version, digest, now, error=error)

    def fail_retryable(self, token: int, error: str, now: datetime) -> Self:
        """Back to PENDING after a back-off, or DEAD_LETTER when the attempts are used up. The holder is forgotten.

        The same failure again returns the event unchanged.
        """
        if self._failed_already(token):
            return self
        self._check_token(token)
        if self.attempt >= MAX_ATTEMPTS:
            return self._to(EventStatus.DEAD_LETTER, error=error, completed_at=now, lease_expires_at=None)
        wait = min(RETRY_BASE * 2 ** (self.attempt - 1), RETRY_LIMIT)
        return self._to(P, error=error, holder=None, lease_expires_at=None, not_before=now + wait)

    def lapse(self, now: datetime) -> Self:
        """The lease ran out: PENDING again for whoever asks, the holder may still renew or complete."""
        if self.attempt >= MAX_ATTEMPTS:
            reason = f"the lease ran out in attempt {self.attempt}"
            return self._to(EventStatus.DEAD_LETTER, error=reason, completed_at=now, lease_expires_at=None)
        return self._to(P, lease_expires_at=None)

    def replay(self) -> Self:
        """A dead letter waits again as if nobody had tried yet; tokens of those who did stay spent."""
        if self.status is not EventStatus.DEAD_LETTER:
            raise StateConflict(
                f"only a dead letter can be replayed, and the event is {self.status.value}",
                subject=self.id,
                reason="EVENT_NOT_DEAD",
            )
        return self._to(P, attempt=0, holder=None, lease_expires_at=None, not_before=None, completed_at=None)

    def supersede(self, by: str, now: datetime) -> Self:
        """A newer event, or a completion that covers it, took its place."""
        return self._to(EventStatus.SUPERSEDED, superseded_by=by, completed_at=now, lease_expires_at=None)

    def _failed_already(self, token: int) -> bool:
        """Whether this holder's retryable failure is what brought the event where it is."""
        waits_again = self.status is P and self.holder is None
        return token == self.fencing_token > 0 and (waits_again or self.status is EventStatus.DEAD_LETTER)

    def _check_token(self, token: int) -> None:
        if not self.live:
            raise StateConflict(f"the event is already {self.status.value}", subject=self.id, reason="EVENT_FINISHED")
        if token != self.fencing_token or self.holder is None:
            raise StateConflict(
                "the fencing token is not the newest: somebody else holds the event now; acknowledge it again",
                subject=self.id,
                reason="FENCING_TOKEN_OLD",
            )

    def _end(self, status: EventStatus, version: int, digest: str, now: datetime, **changes: Any) -> Self:
        if version < self.configuration_version:
            raise StateConflict(
                f"version {version} is older than the event's version {self.configuration_version}",
                subject=self.id,
                reason="VERSION_TOO_OLD",
            )
        return self._to(
            status,
            completed_version=version,
            completed_digest=digest,
            completed_at=now,
            lease_expires_at=None,
            **changes,
        )

    def _to(self, status: EventStatus, **changes: Any) -> Self:
        if status not in TRANSITIONS[self.status]:
            raise StateConflict(f"an event cannot go from {self.status.value} to {status.value}", subject=self.id)
        return replace(self, status=status, **changes)


def check_boot(known: Boot | None, boot: Boot) -> None:
    """Refuse a boot older than the known one, and one that shares its counter but not its nonce."""
    if known is None or boot.counter > known.counter or boot == known:
        return
    if boot.counter == known.counter:
        raise Unauthenticated(
            "two agents use one identity: enrol the second one with a join token of its own", reason="IDENTITY_CLONED"
        )
    raise StateConflict(
        f"boot {boot.counter} is older than boot {known.counter}, which holds the data plane now",
        subject="boot",
        reason="BOOT_TOO_OLD",
    )
