"""What a poll asks and what it is told; what is the same for all who ask from one revision is made once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controlplane.domain.configurations import Configuration
from controlplane.domain.dataplanes import AgentReport, Boot
from controlplane.domain.events import Event
from controlplane.domain.secrets import StoredSecret
from controlplane.services.views import Batch, View

ANSWER_BYTES = 4 * 1024 * 1024
AT_ONCE = timedelta()
KEPT_BATCHES = 100


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
    configurations, upto, more = _cut(view.configurations_since(revision), view.revision)
    values = [value for value in view.values_since(revision, dataplane_id) if value.revision <= upto]
    revoked = [each for each in view.revocations_since(revision) if each.revision <= upto]
    batch = Batch(
        upto, more, tuple(configurations), tuple(values), tuple(revoked), tuple(_secrets(view, configurations))
    )
    if view.same_for_all(revision) and len(view.batches) < KEPT_BATCHES:
        view.batches[revision] = batch
    return batch


def asked_for(view: View, queries: Mapping[str, int]) -> Batch:
    """Those that were asked for by name and are newer."""
    configurations, revision, more = _cut(newer_versions(view, queries), view.revision)
    return Batch(revision, more, tuple(configurations), secrets=tuple(_secrets(view, configurations)))


def newer_versions(view: View, queries: Mapping[str, int]) -> list[Configuration]:
    """Ascending by revision, so that an answer can be cut."""
    found = ((view.configurations.get(user_id), version) for user_id, version in queries.items())
    newer = [configuration for configuration, version in found if configuration and configuration.version > version]
    return sorted(newer, key=lambda configuration: configuration.revision)


def _secrets(view: View, configurations: list[Configuration]) -> list[StoredSecret]:
    refs = sorted({ref for configuration in configurations for ref in configuration.secret_refs})
    return [view.secrets[ref] for ref in refs if ref in view.secrets]


def _cut(configurations: list[Configuration], newest: int) -> tuple[list[Configuration], int, bool]:
    """At most 4 MiB of documents (at least one); the revision the answer brings the caller to; whether more waits."""
    size = 0
    for place, configuration in enumerate(configurations):
        size += len(configuration.document) + 500
        if size > ANSWER_BYTES and place:
            return configurations[:place], configurations[place - 1].revision, True
    return configurations, newest, False
