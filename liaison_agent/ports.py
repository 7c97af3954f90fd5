"""What the agent asks of the world around it, one section a neighbour. The doc comments are the contract."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from contract.egress import STRICT, EgressPolicy
from liaison_agent.memory import Completion, HeldEvent, Memory, Received, Reverted
from liaison_agent.state import ResourceSet

# --- data plane -------------------------------------------------------------------------------------------------------


class GatewayError(Exception):
    """The data plane did not do what was asked; the message is safe to show."""


class GatewayUnavailable(GatewayError):
    """Envoy cannot be started, reached, or died on the way; nothing of the call may be claimed."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One resource that Envoy did not take. `reason` is Envoy's text, cleaned: no dump, no secret."""

    slot: str
    type_url: str
    name: str
    reason: str


class StartRefused(GatewayError):
    """Envoy runs and serves the rest of the initial set, but refused these; the caller may go on."""

    def __init__(self, refused: tuple[Refused, ...]) -> None:
        super().__init__("; ".join(f"{one.name}: {one.reason}" for one in refused))
        self.refused = refused


@dataclass(frozen=True, slots=True)
class ProvenResource:
    """A resource read back from Envoy, active. `name` is like "cluster/openai", `digest` its resource version."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class ApplyOutcome:
    """What came of one `apply`.

    `proven` covers every resource that runs and was read back from this very Envoy process, in this call or before; one
    that nothing in Envoy asks for (a secret without a user) is offered, and neither proven nor refused.
    `refused` names what went back to what ran before, or away if it was new.
    """

    envoy_version: str
    proven: tuple[ProvenResource, ...]
    refused: tuple[Refused, ...]
    applied_at: datetime


class Names(Protocol):
    """What host names resolve to, for the upstreams of a gateway. Neither method raises for a name that fails."""

    async def learn(self, hosts: Collection[str]) -> bool:
        """Look up those never looked up; whether anything is known now that was not."""

    async def refresh(self, hosts: Collection[str]) -> bool:
        """Look all of them up again; whether anything that is known changed."""


class Gateway(Protocol):
    """The Envoy of this data plane. Calls are serialised inside; a cancelled call claims nothing."""

    async def start(self, initial: ResourceSet) -> None:
        """Serve this set, start Envoy or adopt the one left running; returns when its listeners are active.

        Raises `GatewayUnavailable` (no binary, another instance, Envoy does not come up) and `StartRefused`.
        """

    async def apply(self, wanted: ResourceSet) -> ApplyOutcome:
        """Push what differs from what runs; returns when everything is acknowledged or refused, and read back.

        A refused resource goes back to what ran before, everybody else's change stays. Raises `GatewayUnavailable`
        when Envoy cannot be reached or dies; then the set that ran before is what the next Envoy gets.
        """

    async def stop(self, *, drain: timedelta) -> None:
        """Stop accepting, wait up to `drain` for active requests, end Envoy. Harmless when nothing runs."""

    def running(self) -> ResourceSet:
        """The set that Envoy was last seen to accept, and gets again when it restarts."""


# --- control plane ----------------------------------------------------------------------------------------------------


class ControlPlaneError(Exception):
    """The control plane did not do what was asked; the message is safe to show. Never a reason to stop serving."""


class ControlPlaneUnreachable(ControlPlaneError):
    """No answer, a broken one, or "not now". `retry_after` is the control plane's own wish, if it had one."""

    def __init__(self, text: str, retry_after: timedelta | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class ControlPlaneRefused(ControlPlaneError):
    """Understood and refused: `code` in gRPC's words (`NOT_FOUND`), `reason` from ErrorInfo (`DATAPLANE_REVOKED`)."""

    def __init__(self, code: str, reason: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.reason = reason

    @property
    def is_about_us(self) -> bool:
        """Whether we were refused, and not what we asked for: asking again later may still help."""
        return self.code in ("UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED")


@dataclass(frozen=True, slots=True)
class Boot:
    """One life of this process: `counter` is one more at each start, `nonce` random."""

    counter: int
    nonce: str


Outage: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """What the agent says of itself with every poll. `running` are (slot, version), `rejected` (slot, version, reason,
    workspace version that a consumer was refused with). Everything received up to `running_revision` serves, but for
    what was refused. `outages` are (consumer, backend of its own, why no access token can be had for it)."""

    agent_version: str
    envoy_version: str = ""
    received_revision: int = 0
    running: tuple[tuple[str, int], ...] = ()
    rejected: tuple[tuple[str, int, str, int], ...] = ()
    serving_stale_since: datetime | None = None
    ledger_lost: bool = False
    warnings: tuple[str, ...] = ()
    reverted: tuple[Reverted, ...] = ()
    running_revision: int = 0
    outages: tuple[Outage, ...] = ()


@dataclass(frozen=True, slots=True)
class Poll:
    """One question: everything after `since_revision` of `epoch`, events after `event_cursor`; hang up to `wait`.
    `held_revocations`: (jti, end) of those that a full listing lacked."""

    since_revision: int
    epoch: str
    event_cursor: int
    wait: timedelta
    boot: Boot
    report: Report
    held_revocations: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """A doorbell: bring the slot to its newest version, at least `version`. `full`: everything was sent again."""

    id: str
    slot: str
    version: int
    full: bool = False


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A secret under a delivery key, bound to `origin`."""

    ref: str
    origin: str
    delivery_key_id: str
    ciphertext: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedDeliveryKey:
    """A delivery key, sealed to this data plane."""

    id: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `received` are documents, values and tombstones, oldest revision first, bytes not yet verified;
    `revocations` are (jti, end), `revoked_to` the newest one's revision. `more`: ask again at once from `revision`.
    `resync`: this begins the full listing."""

    received: tuple[Received, ...] = ()
    revocations: tuple[tuple[str, datetime], ...] = ()
    revoked_to: int = 0
    secrets: tuple[SealedSecret, ...] = ()
    delivery_keys: tuple[SealedDeliveryKey, ...] = ()
    events: tuple[PendingEvent, ...] = ()
    revision: int = 0
    epoch: str = ""
    more: bool = False
    resync: bool = False
    next_poll_after: timedelta = timedelta(0)
    event_cursor: int = 0


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a join token is exchanged for; both keys are raw public halves of 32 bytes."""

    join_token: str = field(repr=False)
    signing_public_key: bytes
    sealing_public_key: bytes
    name: str
    agent_version: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Who this data plane is from now on, and where beside public addresses its requests may go."""

    dataplane_id: str
    workspace_id: str
    token_audience: str
    egress: EgressPolicy = STRICT


class ControlPlane(Protocol):
    """The control plane, over whichever wire. Every call raises only `ControlPlaneUnreachable` (nothing may be
    concluded; it may have been done) and `ControlPlaneRefused`, and may be cancelled."""

    async def enroll(self, enrolment: Enrolment) -> Enrolled:
        """Exchange a join token for an identity. A one-time token is used up even when the answer is lost."""

    async def poll(self, poll: Poll) -> Answer:
        """What is newer. Changes nothing over there but what is known of this data plane."""

    async def acknowledge(self, event_id: str, boot: Boot) -> HeldEvent:
        """Take an event over, or renew its lease of 60 s, which keeps the token."""

    async def complete(self, completion: Completion) -> None:
        """Say how the work on an event ended. The same completion twice is fine."""

    async def close(self) -> None:
        """Let go of connections."""


# --- ledger, time -----------------------------------------------------------------------------------------------------


class LedgerError(Exception):
    """Nothing was made durable (disk full, read-only); the message is safe to show. What was durable still is."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the ledger held. `memory` is None when it is lost: nothing may be served until everything came again.
    `damaged`: some of the newest versions are missing, so everything must be asked for, but what is there may serve.
    `problems` are for people."""

    memory: Memory | None
    damaged: bool = False
    problems: tuple[str, ...] = ()


class Ledger(Protocol):
    """What the agent remembers across its own death. One process uses it at a time."""

    def load(self) -> Loaded:
        """What was saved last, as far as it is readable. Never raises for what it finds on the disk."""

    def save(self, memory: Memory) -> None:
        """Return when `memory` survives a power cut; costs what differs from the last save. Raises `LedgerError`."""

    def digest_on_disk(self, slot: str) -> str:
        """Read back from the disk: the digest of a slot's newest version, empty when there is none that is readable."""

    def wipe(self) -> None:
        """Forget everything, secrets first."""


class Clock(Protocol):
    """Time, given."""

    def now(self) -> datetime:
        """The host's wall clock, aware UTC; may step."""

    def monotonic(self) -> float:
        """Seconds that never step; only differences mean anything."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
