"""The audit: one chain of records a tenant, each hashed with the one before, so that nothing leaves or changes unseen.

Theory of operation. A record's hash is the sha256 over the hash before it and its own canonical bytes, which name
tenant and place; the head keeps the place and hash of the newest. Whoever alters a row breaks its own hash or that of
the row after it, whoever takes rows away leaves a gap, and whoever takes the newest away leaves a head that names more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

FIRST = 1


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """Who did what to which subject, when and from where. `details` are facts for people, never a secret.

    `sequence` is its place in the tenant's chain, from 1; `hash` is 64 lower-case hex characters.
    """

    tenant_id: str
    sequence: int
    recorded_at: datetime
    actor: str
    action: str
    workspace_id: str
    subject: str
    origin: str
    details: Mapping[str, str] = field(default_factory=dict)
    hash: str = ""

    def hash_after(self, before: str) -> str:
        """What this record's hash has to be when `before` is the hash of the record before it (empty: the first)."""
        return hashlib.sha256(before.encode() + b"\n" + self.canonical_bytes()).hexdigest()

    def canonical_bytes(self) -> bytes:
        """Every field but the hash, in one spelling only."""
        fields = {
            "tenant_id": self.tenant_id,
            "sequence": self.sequence,
            "recorded_at": self.recorded_at.isoformat(timespec="microseconds"),
            "actor": self.actor,
            "action": self.action,
            "workspace_id": self.workspace_id,
            "subject": self.subject,
            "origin": self.origin,
            "details": dict(self.details),
        }
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class AuditHead:
    """Where a tenant's chain ends: the newest record's place and hash; 0 and empty before the first."""

    tenant_id: str
    sequence: int = 0
    hash: str = ""

    def append(self, record: AuditRecord) -> AuditRecord:
        """The record in the place after this head, hashed; its own place and hash are ignored."""
        placed = replace(record, tenant_id=self.tenant_id, sequence=self.sequence + 1, hash="")
        return replace(placed, hash=placed.hash_after(self.hash))

    def at(self, record: AuditRecord) -> AuditHead:
        """The head once the record is the newest."""
        return AuditHead(self.tenant_id, record.sequence, record.hash)


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a chain is not as it was written, and what is wrong there."""

    sequence: int
    problem: str


class ChainCheck:
    """Walks a chain in ascending order: `follow` each record, then `end` with the head; the first break is returned."""

    def __init__(self) -> None:
        self.checked = 0
        self._last: AuditRecord | None = None

    def follow(self, record: AuditRecord) -> Break | None:
        """None when the record is where and as it was written, as far as the ones before it can tell."""
        expected = self._last.sequence + 1 if self._last else FIRST
        if record.sequence != expected:
            return Break(expected, f"record {expected} is missing; the next one there is {record.sequence}")
        if record.hash_after(self._last.hash if self._last else "") != record.hash:
            return Break(expected, _altered(expected))
        self._last = record
        self.checked += 1
        return None

    def end(self, head: AuditHead | None) -> Break | None:
        """None when the chain ends where its head says."""
        reached = self._last.sequence if self._last else 0
        if head is None:
            return Break(reached, "the head of the chain is missing, so its end is unknown") if reached else None
        if head.sequence > reached:
            return Break(reached + 1, f"records {reached + 1} to {head.sequence} are missing from the end of the chain")
        if head.sequence < reached:
            return Break(head.sequence + 1, f"the head of the chain ends at {head.sequence}; a record follows it")
        if self._last is not None and head.hash != self._last.hash:
            return Break(reached, f"record {reached} is not the one that the head of the chain names")
        return None


def _altered(sequence: int) -> str:
    altered = f"record {sequence} is not as it was written"
    return altered if sequence == FIRST else f"{altered}, or it is not the one that followed record {sequence - 1}"
