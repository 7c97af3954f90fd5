"""What a poll asks and what it is told; what is the same for all who ask from one revision is made once."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from controlplane.domain.configurations import Configuration, SlotValue
from controlplane.domain.dataplanes import AgentReport, Boot
from controlplane.domain.events import Event
from controlplane.domain.revocations import Revocation
from controlplane.domain.secrets import StoredSecret
from controlplane.services.pauses import AT_ONCE
from controlplane.services.views import Batch, View

ANSWER_BYTES = 4 * 1024 * 1024
KEPT_BATCHES = 100
# Bytes of each, beside what differs in length.
A_CONFIGURATION, A_SECRET, A_VALUE, A_REVOCATION, AN_EVENT = 500, 500, 300, 150, 500
T = TypeVar("T", Configuration, SlotValue, Revocation)


@dataclass(frozen=True, slots=True)
class Poll:
    """What the caller has: versions by user id, or a revision. Of a data plane also its boot, report and cursor."""

    workspace_id: str = ""
    queries: Mapping[str, int] | None = None
    since_revision: int = 0
    wait: timedelta = timedelta()
    epoch: str = ""
    boot: Boot | None = None
    report: AgentReport | None = None
    event_cursor: int = 0
    held_revocations: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class News:
    """The answer. `sealed_keys`: delivery keys by id, as sealed to this caller; empty for a management key.

    `unchanged`: nothing is newer, so the counters and the pause are all there is.
    """

    batch: Batch
    epoch: str
    event_cursor: int
    next_poll_after: timedelta = AT_ONCE
    resync: bool = False
    unchanged: bool = False
    sealed_keys: Mapping[str, bytes] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    @property
    def revision(self) -> int:
        """What the answer brings the caller to."""
        return self.batch.revision


def newer_than(view: View, revision: int, dataplane_id: str) -> Batch:
    """Everything newer than a revision: one batch for all who ask the same while the view stands."""
    batch = view.batches.get(revision)
    if batch is not None:
        return batch
    configurations = view.configurations_since(revision)
    values = view.values_since(revision, dataplane_id)
    revoked = view.revocations_since(revision)
    sizes = heapq.merge(
        map(_size, configurations),
        ((each.revision, len(each.value) + A_VALUE) for each in values),
        ((each.revision, A_REVOCATION) for each in revoked),
    )
    upto, more = _cut(sizes, view.revision)
    configurations = _up_to(upto, configurations)
    secrets = _secrets(view, configurations)
    batch = Batch(
        upto,
        more,
        tuple(configurations),
        tuple(_up_to(upto, values)),
        tuple(_up_to(upto, revoked)),
        tuple(secrets),
        _keys_of(secrets),
    )
    if view.same_for_all(revision) and len(view.batches) < KEPT_BATCHES:
        view.batches[revision] = batch
    return batch


def asked_for(view: View, queries: Mapping[str, int]) -> Batch:
    """Those that were asked for by name and are newer."""
    newer = newer_versions(view, queries)
    revision, more = _cut(map(_size, newer), view.revision)
    configurations = _up_to(revision, newer)
    secrets = _secrets(view, configurations)
    return Batch(revision, more, tuple(configurations), secrets=tuple(secrets), delivery_keys=_keys_of(secrets))


def newer_versions(view: View, queries: Mapping[str, int]) -> list[Configuration]:
    """Ascending by revision, so that an answer can be cut."""
    found = ((view.configurations.get(user_id), version) for user_id, version in queries.items())
    newer = [configuration for configuration, version in found if configuration and configuration.version > version]
    return sorted(newer, key=lambda configuration: configuration.revision)


def fitting(events: list[Event]) -> list[Event]:
    """As many of the first as go into one answer, at least one; the next poll brings the next at once."""
    total = 0
    for place, event in enumerate(events):
        total += len(event.metadata) + len(event.payload) + len(event.error) + AN_EVENT
        if total > ANSWER_BYTES and place:
            return events[:place]
    return events


def _secrets(view: View, configurations: list[Configuration]) -> list[StoredSecret]:
    refs = sorted({ref for configuration in configurations for ref in configuration.secret_refs})
    return [view.secrets[ref] for ref in refs if ref in view.secrets]


def _keys_of(secrets: Iterable[StoredSecret]) -> frozenset[str]:
    return frozenset(secret.delivery_key_id for secret in secrets)


def _size(configuration: Configuration) -> tuple[int, int]:
    """With the secrets that go with it."""
    secrets = len(configuration.secret_refs) * A_SECRET
    return configuration.revision, len(configuration.document) + A_CONFIGURATION + secrets


def _cut(sizes: Iterable[tuple[int, int]], newest: int) -> tuple[int, bool]:
    """`sizes`: bytes by revision, ascending. The revision that an answer of at most 4 MiB brings the caller to (of at
    least one revision, whole), and whether more waits behind it."""
    total, present, before = 0, 0, 0
    for revision, size in sizes:
        if revision != present:
            before, present = present, revision
        total += size
        if total > ANSWER_BYTES and before:
            return before, True
    return newest, False


def _up_to(revision: int, items: list[T]) -> list[T]:
    return [item for item in items if item.revision <= revision]
