"""What the agent knows and owes: the one value that the ledger keeps on disk and every decision is taken from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from liaison_agent.state import WORKSPACE_SLOT, Configuration

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Value:
    """One version of a slot that holds a value (`gatekeeper_keys`); `digest` is the sha256 of `value`."""

    slot: str
    version: int
    revision: int
    digest: str
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The version in which a slot's document or value was removed."""

    slot: str
    version: int
    revision: int
    digest: str = ""


Present: TypeAlias = Configuration | Value
Received: TypeAlias = Present | Tombstone


@dataclass(frozen=True, slots=True)
class SlotMemory:
    """One slot: the newest version received, and the last known good, the newest one proven (None: there is none)."""

    newest: Received
    good: Present | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """An opened secret and the only origin it may be sent to."""

    origin: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A version that Envoy or the compiler refused, for the event `event_id`. A consumer's is tried again when the
    workspace document is no longer the one it was refused with (`workspace_version`)."""

    slot: str
    version: int
    workspace_version: int
    reason: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Reverted:
    """A version that was proven and then taken back: `to_version` serves again, 0: nothing. Never forgotten by itself:
    it stands until the slot is tried again.

    Of `requests` within `window`, `failures` failed; `failure_ratio` is what was judged, 0 to 1. `workspace_version`,
    of a consumer's: the workspace document it served together with.
    """

    slot: str
    from_version: int
    to_version: int
    requests: int
    failures: int
    failure_ratio: float
    window: timedelta
    reverted_at: datetime
    reason: str = ""
    workspace_version: int = 0


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """An event that was acknowledged and is neither completed nor given up."""

    id: str
    slot: str
    version: int
    fencing_token: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What was read back: pairs of resource name and digest."""

    envoy_version: str
    resources: tuple[tuple[str, str], ...]
    applied_at: datetime


@dataclass(frozen=True, slots=True)
class Completion:
    """What the control plane is owed for an event; kept until it is confirmed. `error` is empty when applied.

    `workspace_version`: of a consumer's refusal, the workspace document it was refused together with. `rejected`: of a
    full event, what was refused in other slots.
    """

    event_id: str
    slot: str
    fencing_token: int
    version: int
    digest: str
    error: str = ""
    retryable: bool = False
    proof: Proof | None = None
    workspace_version: int = 0
    rejected: tuple[Rejection, ...] = ()

    @property
    def applied(self) -> bool:
        """Whether it says APPLIED; otherwise FAILED."""
        return self.proof is not None


def _nothing() -> Mapping[str, _Item]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Memory:
    """Facts (never rolled back), last known good, and work in hand.

    `epoch`, `revision`: how far everything of the control plane was received. `barred`: consumers' slots whose newest
    version is a tombstone or disabled; none of their older versions may serve. `revocations`: jti to its end;
    `revoked_to`: the revision of the newest of them.
    `held` is keyed by event id, `secrets` by full reference, the other mappings by slot or id.
    """

    workspace_id: str
    epoch: str = ""
    revision: int = 0
    slots: Mapping[str, SlotMemory] = field(default_factory=_nothing)
    secrets: Mapping[str, Secret] = field(default_factory=_nothing, repr=False)
    delivery_keys: Mapping[str, bytes] = field(default_factory=_nothing, repr=False)
    revocations: Mapping[str, datetime] = field(default_factory=_nothing)
    revoked_to: int = 0
    rejections: Mapping[str, Rejection] = field(default_factory=_nothing)
    reverts: Mapping[str, Reverted] = field(default_factory=_nothing)
    barred: frozenset[str] = frozenset()
    held: Mapping[str, HeldEvent] = field(default_factory=_nothing)
    outbox: tuple[Completion, ...] = ()

    def newest(self, slot: str) -> Received | None:
        """The newest version received of a slot."""
        found = self.slots.get(slot)
        return found.newest if found else None

    def good(self, slot: str) -> Present | None:
        """The last known good of a slot."""
        found = self.slots.get(slot)
        return found.good if found else None

    @property
    def has_good(self) -> bool:
        """Whether there is a proven workspace document, hence something to serve."""
        return self.good(WORKSPACE_SLOT) is not None

    def holding(self, events: Mapping[str, HeldEvent]) -> Memory:
        """With these events taken over or renewed."""
        return replace(self, held={**self.held, **events})

    def releasing(self, event_ids: frozenset[str]) -> Memory:
        """Without these held events."""
        return replace(self, held=without(self.held, event_ids))

    def owing(self, completions: tuple[Completion, ...]) -> Memory:
        """With these completions to send; their events are no longer held."""
        ended = frozenset(one.event_id for one in completions)
        kept = tuple(one for one in self.outbox if one.event_id not in ended)
        return replace(self, held=without(self.held, ended), outbox=kept + completions)

    def settled(self, completions: frozenset[Completion]) -> Memory:
        """Without these completions: the control plane has confirmed or finally refused them."""
        return replace(self, outbox=tuple(one for one in self.outbox if one not in completions))


def without(mapping: Mapping[_Key, _Item], keys: frozenset[_Key]) -> Mapping[_Key, _Item]:
    """The mapping without some keys; the very same object when none of them is in it."""
    if not any(key in mapping for key in keys):
        return mapping
    return {key: item for key, item in mapping.items() if key not in keys}
