"""What the store keeps of each noun. `None` means "not found"; a list is ordered as its docstring says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from controlplane.domain.configurations import Configuration, ConfigurationState, SlotValue
from controlplane.domain.dataplanes import AgentReport, Boot, Dataplane, JoinToken, SlotState
from controlplane.domain.keys import ConsumerKey, ManagementKey
from controlplane.domain.secrets import GatekeeperKey, StoredDeliveryKey, StoredSecret
from controlplane.domain.workspaces import Tenant, Workspace


class Workspaces(Protocol):
    """Tenants, workspaces and the workspace's counters."""

    async def add_tenant(self, tenant: Tenant) -> None:
        """Raises AlreadyExists when the name is taken."""

    async def tenant(self, tenant_id: str) -> Tenant | None: ...

    async def tenant_by_name(self, name: str) -> Tenant | None: ...

    async def tenants(self, after: str, limit: int) -> list[Tenant]:
        """All of them, ascending by id, ids greater than `after`."""

    async def add(self, workspace: Workspace) -> None:
        """Raises AlreadyExists when the tenant has a workspace of that name."""

    async def get(self, workspace_id: str) -> Workspace | None: ...

    async def by_name(self, tenant_id: str, name: str) -> Workspace | None: ...

    async def page(self, tenant_id: str, ids: Collection[str] | None, after: str, limit: int) -> list[Workspace]:
        """Ascending by id, ids greater than `after`; `ids` None means all of the tenant."""

    async def lock(self, workspace_id: str) -> Workspace | None:
        """Read the row and hold it against every other writer until the unit of work ends."""

    async def take_revision(self, workspace_id: str) -> int:
        """Raise the revision by one and return it; visible with the commit, so commit order is revision order."""

    async def take_cursors(self, workspace_id: str, count: int) -> int:
        """Raise the event cursor by `count` and return the first of the `count` new values."""


@dataclass(frozen=True, slots=True)
class ConfigurationFilter:
    """What ListConfigurations may narrow by; None means no restriction; both times are exclusive."""

    workspace_id: str
    user_id: str | None = None
    state: ConfigurationState | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    digest: str = ""
    history: bool = False


class Configurations(Protocol):
    """Stored documents; version counters are never purged, tombstones count as versions."""

    async def newest(self, workspace_id: str, user_id: str) -> Configuration | None: ...

    async def add(self, configuration: Configuration) -> None:
        """Store a version; the (workspace, user)'s ACTIVE one, if any, becomes SUPERSEDED."""

    async def page(
        self, narrow: ConfigurationFilter, after: tuple[str, int] | None, limit: int, *, documents: bool
    ) -> list[Configuration]:
        """Ascending by user_id, then descending by version; strictly after `(user_id, version)`.

        Without `history` only the newest version of each. Without `documents`, `document` is empty bytes.
        """

    async def active_users(self, workspace_id: str, after: str, limit: int) -> list[str]:
        """Non-empty user ids with an ACTIVE configuration, ascending, greater than `after`."""

    async def changed_since(self, workspace_id: str, revision: int) -> list[Configuration]:
        """The newest version of each (workspace, user) whose revision is greater; ascending by revision."""

    async def refs_served(self, workspace_id: str, user_ids: Collection[str]) -> frozenset[str]:
        """The references to secrets (`secret://<name>@<version>`) in the newest versions of those users."""

    async def versions_at(self, workspace_id: str, revision: int, user_ids: Collection[str]) -> Mapping[str, int]:
        """For each of `user_ids`, the newest version with revision ≤ `revision`; absent when there is none."""

    async def followed_at(
        self, workspace_id: str, versions: Collection[tuple[str, int]]
    ) -> Mapping[tuple[str, int], datetime]:
        """When the version after each (user, version) was stored; absent when none followed. Version 0: the first."""

    async def purge_outdated(self, created_before: datetime, limit: int) -> int:
        """Drop superseded versions, at most `limit`; how many went.

        The newest of each (workspace, user) stays, and so does the one that a live data plane's watermark tells of.
        """


class Values(Protocol):
    """Values with a slot of their own, of the workspace (`dataplane_id` empty) or of one data plane."""

    async def newest(self, workspace_id: str, slot: str, dataplane_id: str = "") -> SlotValue | None: ...

    async def put(self, value: SlotValue) -> None:
        """Replace the slot's value (older versions are not kept)."""

    async def changed_since(self, workspace_id: str, revision: int) -> list[SlotValue]:
        """Those of single data planes too, ascending by revision."""


class Secrets(Protocol):
    """Secrets, delivery keys and gatekeeper keys, all sealed."""

    async def newest(self, workspace_id: str, name: str) -> StoredSecret | None: ...

    async def newest_of(self, workspace_id: str, names: Collection[str]) -> Mapping[str, StoredSecret]: ...

    async def add(self, secret: StoredSecret) -> None: ...

    async def versions_under(self, workspace_id: str, prefix: str) -> list[tuple[str, int]]:
        """(name, version) of every stored secret whose name begins so, ascending."""

    async def versions_after(self, after: tuple[str, str, int], limit: int) -> list[tuple[str, str, int]]:
        """(workspace id, name, version) of every stored secret, ascending, greater than `after`."""

    async def drop(self, workspace_id: str, versions: Collection[tuple[str, int]]) -> None:
        """Forget those versions, (name, version), of secrets; what is not there is passed over."""

    async def by_refs(self, workspace_id: str, refs: Collection[str]) -> Mapping[str, StoredSecret]: ...

    async def add_delivery_key(self, key: StoredDeliveryKey) -> None: ...

    async def delivery_keys(self, workspace_id: str) -> list[StoredDeliveryKey]:
        """Oldest first; the last one encrypts new secrets."""

    async def add_sealed_delivery_key(self, dataplane_id: str, key_id: str, sealed: bytes) -> None:
        """Keep a delivery key as sealed to one data plane; adding it again replaces it."""

    async def sealed_delivery_keys(self, dataplane_ids: Collection[str]) -> Mapping[str, Mapping[str, bytes]]:
        """By data plane and key id; a data plane without any is absent."""

    async def add_gatekeeper_key(self, key: GatekeeperKey) -> None: ...

    async def gatekeeper_keys(self, workspace_id: str) -> list[GatekeeperKey]:
        """Those not retired, oldest first; the last one signs."""

    async def retire_gatekeeper_key(self, kid: str, retired_at: datetime) -> None:
        """Take it out of the list; keeps the first time when called twice."""

    async def under_other_keys(self, workspace_id: str, delivery_key_id: str) -> list[StoredSecret]:
        """Every version of every secret whose delivered form is under another delivery key."""

    async def redeliver(self, secret: StoredSecret) -> None:
        """Replace what is delivered of a stored version, and the name of the key it is under."""


class Dataplanes(Protocol):
    """Data planes, their join tokens, and what each made of its slots."""

    async def add(self, dataplane: Dataplane) -> None: ...

    async def get(self, dataplane_id: str) -> Dataplane | None: ...

    async def by_ids(self, dataplane_ids: Collection[str]) -> list[Dataplane]:
        """Those there are, in no order."""

    async def page(self, workspace_id: str, after: str, limit: int) -> list[Dataplane]:
        """Ascending by id, revoked ones too."""

    async def live_ids(self, workspace_id: str) -> list[str]:
        """Ids of those neither revoked nor retired, ascending."""

    async def unseen_since(self, moment: datetime, limit: int) -> list[Dataplane]:
        """Neither revoked nor retired, and last heard (or enrolled) before; ascending by id."""

    async def set_retired(self, dataplane_id: str, retired_at: datetime | None) -> None:
        """None revives it."""

    async def set_boot(self, dataplane_id: str, boot: Boot) -> None: ...

    async def revoke(self, dataplane_id: str, revoked_at: datetime) -> None: ...

    async def lock(self, dataplane_id: str) -> Dataplane | None:
        """Read the row and hold it: who ends an event of the data plane waits for whoever is at it."""

    async def lock_all(self, dataplane_ids: Collection[str]) -> list[Dataplane]:
        """The same of many, ascending by id."""

    async def raise_applied_revision(self, dataplane_id: str, revision: int) -> None:
        """Never lowers it."""

    async def want_everything(self, dataplane_id: str, revision: int) -> None:
        """Remember that everything up to `revision` is to be sent anew; 0: no more."""

    async def note_lost_ledger(self, dataplane_id: str, boot_counter: int) -> bool:
        """Whether this boot's loss is news; True once a boot, however many ask at once."""

    async def save_sightings(self, sightings: Sequence[Sighting]) -> None:
        """Write last_seen_at, a second early at most, and reports of many data planes at once."""

    async def slot_state(self, dataplane_id: str, slot: str) -> SlotState | None: ...

    async def slot_states(self, dataplane_ids: Collection[str]) -> list[SlotState]:
        """Ascending by (data plane, slot)."""

    async def put_slot_state(self, state: SlotState) -> None: ...

    async def add_join_token(self, token: JoinToken) -> None: ...

    async def join_token_by_hash(self, token_hash: str) -> JoinToken | None: ...

    async def use_join_token(self, token_id: str, now: datetime) -> bool:
        """Count one use if any is left, it has not ended and is not revoked; of many at once exactly `max_uses` do."""

    async def join_token(self, token_id: str) -> JoinToken | None: ...

    async def join_tokens(
        self, workspace_id: str, after: str, limit: int, usable_at: datetime | None
    ) -> list[JoinToken]:
        """Ascending by id, ids greater than `after`; with `usable_at` only those that could be used then."""

    async def revoke_join_token(self, token_id: str, revoked_at: datetime) -> None:
        """Keeps the first time when called twice."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A data plane was heard at `seen_at`, saying `report`."""

    dataplane_id: str
    seen_at: datetime
    report: AgentReport


class Keys(Protocol):
    """Management keys and records of consumer keys."""

    async def add_management_key(self, key: ManagementKey) -> None: ...

    async def management_key_by_hash(self, token_hash: str) -> ManagementKey | None: ...

    async def management_key(self, key_id: str) -> ManagementKey | None: ...

    async def management_keys(self, tenant_id: str, after: str, limit: int) -> list[ManagementKey]:
        """Ascending by id."""

    async def revoke_management_key(self, key_id: str, revoked_at: datetime) -> None:
        """Keeps the first time when called twice."""

    async def add_consumer_key(self, key: ConsumerKey) -> None: ...

    async def consumer_key(self, workspace_id: str, jti: str) -> ConsumerKey | None: ...

    async def consumer_keys(self, workspace_id: str, consumer_id: str, after: str, limit: int) -> list[ConsumerKey]:
        """Ascending by jti; empty `consumer_id` means any."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer to an earlier request with the same id: the body's mac, and the answer without secrets."""

    body_mac: bytes
    answer: bytes = field(repr=False)


class Answers(Protocol):
    """Answers kept for repeated requests, for 24 h."""

    async def claim(self, caller: str, method: str, request_id: str) -> bool:
        """Hold the id until the unit of work ends; False when another one that is not over yet holds it.

        It waits for nobody. In a reading unit of work it holds nothing.
        """

    async def get(self, caller: str, method: str, request_id: str) -> StoredAnswer | None: ...

    async def put(self, caller: str, method: str, request_id: str, answer: StoredAnswer, expires_at: datetime) -> None:
        """Raises AlreadyExists when another transaction put one first."""

    async def purge(self, now: datetime) -> None: ...
