"""Turns a bearer token into a caller; records are cached for minutes and dropped at once when a notice names them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from controlplane.domain.callers import AnonymousCaller, Caller, DataplaneCaller, ManagementCaller
from controlplane.domain.dataplanes import Dataplane
from controlplane.domain.errors import Unauthenticated
from controlplane.domain.keys import ManagementKey
from controlplane.services.ports import AgentVerifier, Clock, Mint, Store, UnitOfWork
from controlplane.services.refused_attempts import Attempt, RefusedAttempts
from controlplane.services.shared_reads import SharedReads

T = TypeVar("T")

CACHE_FOR = timedelta(minutes=5)
CACHE_SIZE = 200_000
MANAGEMENT_PREFIX = "ak-"


class Authenticator:
    """Answers who a bearer is. Never says whether an unknown key ever existed."""

    def __init__(
        self, store: Store, mint: Mint, verifier: AgentVerifier, clock: Clock, attempts: RefusedAttempts
    ) -> None:
        self._store = store
        self._read_dataplanes = SharedReads(store, dataplanes_by_id)
        self._mint = mint
        self._verifier = verifier
        self._clock = clock
        self._attempts = attempts
        self._dataplanes: dict[str, tuple[datetime, Dataplane]] = {}
        self._keys: dict[str, tuple[datetime, ManagementKey]] = {}
        self.on_retired: Callable[[Dataplane], Awaitable[None]] = _nothing  # a retired one called
        self._claims: dict[str, str] = {}  # whose a verified token is, so that it is not taken apart at every poll
        self._forgotten = 0  # a record read before something was forgotten is not remembered after it

    async def authenticate(self, bearer: str, origin: str = "") -> Caller:
        """`bearer` is what follows "Bearer " in the header, empty when there is none; `origin` is for the audit.

        Raises Unauthenticated with the reasons of the API; Unavailable when the store cannot be asked.
        """
        if not bearer:
            return AnonymousCaller(origin)
        if bearer.startswith(MANAGEMENT_PREFIX):
            return await self._management(bearer, origin)
        return await self._dataplane(bearer, origin)

    def forget(self, identity: str) -> None:
        """A notice says that this data plane or management key changed; empty drops everything."""
        self._forgotten += 1
        if not identity:
            self._dataplanes.clear()
            self._keys.clear()
            return
        self._verifier.forget(identity)
        self._dataplanes.pop(identity, None)
        self._keys = {digest: entry for digest, entry in self._keys.items() if entry[1].id != identity}

    async def _management(self, bearer: str, origin: str) -> ManagementCaller:
        key = await self._management_key(self._mint.hash(bearer))
        if key is None:
            raise _unknown_key()
        try:
            _check_key(key, self._clock.now())
        except Unauthenticated as refused:
            reason = "REVOKED" if key.revoked_at is not None else refused.reason
            await self._attempts.note(Attempt(key.id, reason, origin, tenant_id=key.tenant_id))
            raise
        return ManagementCaller(key.id, key.tenant_id, key.role, key.workspace_ids, key.platform, origin)

    async def _dataplane(self, bearer: str, origin: str) -> DataplaneCaller:
        claimed = self._claims.get(bearer) or self._verifier.dataplane_of(bearer)
        dataplane = await self._known_dataplane(claimed) if claimed else None
        try:
            self._verifier.verify(bearer, dataplane, self._clock.now())
            if dataplane is None:
                raise Unauthenticated("the token's kid names no data plane known here", reason="TOKEN_UNKNOWN_KEY")
            if dataplane.revoked_at is not None:
                raise Unauthenticated("this data plane was revoked", reason="DATAPLANE_REVOKED")
        except Unauthenticated as refused:
            if dataplane is not None:
                attempt = Attempt(dataplane.id, refused.reason, origin, workspace_id=dataplane.workspace_id)
                await self._attempts.note(attempt)
            raise
        if bearer not in self._claims:
            _remember(self._claims, bearer, dataplane.id)
        if dataplane.retired_at is not None:
            await self.on_retired(dataplane)
        return DataplaneCaller(dataplane.id, dataplane.workspace_id, origin)

    async def _known_dataplane(self, dataplane_id: str) -> Dataplane | None:
        found = self._dataplanes.get(dataplane_id)
        now = self._clock.now()
        if found and found[0] > now:
            return found[1]
        forgotten = self._forgotten
        dataplane = await self._read_dataplanes.get(dataplane_id)
        if dataplane is not None and forgotten == self._forgotten:
            _remember(self._dataplanes, dataplane_id, (now + CACHE_FOR, dataplane))
        return dataplane

    async def _management_key(self, digest: str) -> ManagementKey | None:
        found = self._keys.get(digest)
        now = self._clock.now()
        if found and found[0] > now:
            return found[1]
        forgotten = self._forgotten
        async with self._store.reading() as work:
            key = await work.keys.management_key_by_hash(digest)
        if key is not None and forgotten == self._forgotten:
            _remember(self._keys, digest, (now + CACHE_FOR, key))
        return key


async def dataplanes_by_id(work: UnitOfWork, ids: Collection[str]) -> Mapping[str, Dataplane]:
    """Those there are."""
    return {dataplane.id: dataplane for dataplane in await work.dataplanes.by_ids(ids)}


async def _nothing(_dataplane: Dataplane) -> None:
    """Until it is known what reviving means."""


def _unknown_key() -> Unauthenticated:
    return Unauthenticated("the management key is not known here", reason="TOKEN_UNKNOWN_KEY")


def _check_key(key: ManagementKey, now: datetime) -> None:
    if key.revoked_at is not None:
        raise _unknown_key()
    if key.expires_at is not None and key.expires_at <= now:
        raise Unauthenticated(
            f"the management key has expired; server time is {now.isoformat()}",
            reason="TOKEN_EXPIRED",
            metadata={"server_time": now.isoformat()},
        )


def _remember(cache: dict[str, T], key: str, value: T) -> None:
    """Only identities that exist come here, so strangers cannot fill it; the oldest goes first."""
    cache.pop(key, None)
    cache[key] = value
    if len(cache) > CACHE_SIZE:
        del cache[next(iter(cache))]
