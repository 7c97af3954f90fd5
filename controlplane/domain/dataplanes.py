"""Data planes: identities that enrolled once, and what each last said of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from controlplane.domain.reverts import EnteredRevert, Revert


@dataclass(frozen=True, slots=True)
class Boot:
    """One life of an agent's process: a counter kept beside its identity and a random nonce."""

    counter: int
    nonce: str


@dataclass(frozen=True, slots=True)
class RunningVersion:
    """The version that serves in one slot."""

    slot: str
    version: int


@dataclass(frozen=True, slots=True)
class RejectedVersion:
    """A version that the data plane refused, in its own words; a consumer's together with that workspace version."""

    slot: str
    version: int
    reason: str
    workspace_version: int = 0


@dataclass(frozen=True, slots=True)
class BackendOutage:
    """A consumer's own backend for which the data plane has no access token, and why."""

    user_id: str
    backend: str
    reason: str


@dataclass(frozen=True, slots=True)
class AgentReport:
    """What an agent says of itself with a poll; every field is as reported, nothing is proven by it.

    `running_revision`: everything received up to it serves, but for what was refused or taken back.
    """

    agent_version: str = ""
    envoy_version: str = ""
    received_revision: int = 0
    running: tuple[RunningVersion, ...] = ()
    rejected: tuple[RejectedVersion, ...] = ()
    serving_stale_since: datetime | None = None
    ledger_lost: bool = False
    warnings: tuple[str, ...] = ()
    reverted: tuple[Revert, ...] = ()
    running_revision: int = 0
    outages: tuple[BackendOutage, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataplane:
    """An enrolled data plane; both keys are raw 32-byte public keys (Ed25519, X25519).

    `applied_revision`: every revision up to it is applied but for slots with a row of their own (SlotState).
    `wanted_revision`: everything up to it is to be sent anew and that is not done yet; 0 when nothing is.
    `lost_ledger_boot`: the counter of the last boot whose lost ledger was answered.
    `retired_at`: unseen for so long that nothing is enqueued for it any more; its next call revives it.
    """

    id: str
    workspace_id: str
    group: str
    name: str
    signing_key: bytes
    sealing_key: bytes
    applied_revision: int
    boot: Boot | None
    report: AgentReport
    created_at: datetime
    last_seen_at: datetime | None = None
    revoked_at: datetime | None = None
    retired_at: datetime | None = None
    wanted_revision: int = 0
    lost_ledger_boot: int = 0


@dataclass(frozen=True, slots=True)
class JoinToken:
    """Lets up to `max_uses` data planes enrol into one group; only its hash is kept.

    `created_by`: the management key that made it.
    """

    id: str
    workspace_id: str
    group: str
    token_hash: str = field(repr=False)
    max_uses: int
    uses: int
    expires_at: datetime
    created_at: datetime
    created_by: str = ""
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SlotState:
    """What one data plane made of one slot: the newest version proven applied, and the newest it refused.

    `applied_revision` is the applied version's. `rejected_with`: of a consumer's refusal, the version of the workspace
    document it was refused together with. `given_up`: that version was not refused, but its event is a dead letter.
    `reverted`: since then an older version than the applied one serves.
    """

    dataplane_id: str
    slot: str
    applied_version: int
    applied_digest: str
    applied_at: datetime | None
    proof: bytes
    rejected_version: int
    rejected_reason: str
    applied_revision: int = 0
    rejected_with: int = 0
    given_up: bool = False
    reverted: EnteredRevert | None = None

    @property
    def deviates(self) -> bool:
        """Whether a version newer than the applied one was refused or given up, or the applied one taken back."""
        return self.rejected_version > self.applied_version or self.reverted is not None

    @property
    def running_version(self) -> int:
        """What serves as far as this row tells; 0: nothing."""
        return self.reverted.told.to_version if self.reverted else self.applied_version
