"""Data planes: enrolment with two public keys, listing with health, revocation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from controlplane.domain.callers import Caller, DataplaneCaller, Role
from controlplane.domain.dataplanes import AgentReport, Dataplane, JoinToken
from controlplane.domain.errors import NotFound, Unauthenticated
from controlplane.domain.upgrades import Upgrade
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_management, unknown
from controlplane.services.answers import RequestKey, first_time, remember, repeated
from controlplane.services.audit import Facts, record
from controlplane.services.gateway_values import url_of
from controlplane.services.health import Health, health_of
from controlplane.services.ports import Clock, Ids, Mint, Notice, Store, UnitOfWork
from controlplane.services.publishing import Publisher
from controlplane.services.refused_attempts import Attempt, RefusedAttempts
from controlplane.services.secrets import SecretKeeper

ANSWERED_AGAIN_WITHIN = timedelta(minutes=10)  # an enrolment


@dataclass(frozen=True, slots=True)
class EnrollDataplane:
    """The public halves of a data plane's two key pairs, raw 32 bytes each, under a join token."""

    join_token: str = field(repr=False)
    signing_key: bytes
    sealing_key: bytes
    name: str = ""
    agent_version: str = ""


@dataclass(frozen=True, slots=True)
class SeenDataplane:
    """A data plane, how it is doing, the revision it should be at, its latest upgrade, and its URL to customers."""

    dataplane: Dataplane
    health: Health
    desired_revision: int
    upgrade: Upgrade | None = None
    url: str = ""


class DataplaneService:
    """Use cases of data planes."""

    def __init__(
        self,
        store: Store,
        mint: Mint,
        keeper: SecretKeeper,
        publisher: Publisher,
        ids: Ids,
        clock: Clock,
        forget: Callable[[str], None],
        attempts: RefusedAttempts,
    ) -> None:
        self._store = store
        self._mint = mint
        self._keeper = keeper
        self._publisher = publisher
        self._ids = ids
        self._clock = clock
        self._forget = forget
        self._attempts = attempts

    async def enroll(self, caller: Caller, command: EnrollDataplane) -> Dataplane:
        """Use the token, make the data plane, hand it the delivery keys and tell it to take everything.

        Who repeats it within minutes, with the same token and keys, lost the answer: it gets that, and uses nothing up.
        Raises Unauthenticated in the same words for a token that is unknown, used up or ended.
        """
        async with self._store.unit_of_work() as work:
            token = await work.dataplanes.join_token_by_hash(self._mint.hash(command.join_token))
            if token is not None and (made := await _enrolled_before(work, token, command)) is not None:
                return made
            if token is not None and await work.dataplanes.use_join_token(token.id, await work.now()):
                workspace = await work.workspaces.lock(token.workspace_id)
                if workspace is None:
                    raise unknown("workspace")
                made = await self._add(work, workspace, token, command)
                enrolled = DataplaneCaller(made.id, made.workspace_id, caller.origin)
                facts: Facts = {"join_token": token.id, "group": made.group, "name": made.name}
                await record(work, enrolled, "dataplane.enroll", made.id, workspace, facts)
                await remember(work, _enrolment(token, command), made.id.encode())
                return made
            if token is not None and (made := await _enrolled_before(work, token, command)) is not None:
                return made  # at the same moment
        if token is not None:
            attempt = Attempt(token.id, "JOIN_TOKEN_REFUSED", caller.origin, workspace_id=token.workspace_id)
            await self._attempts.note(attempt)
        raise Unauthenticated(
            "the join token is unknown, used up, expired or revoked; ask for a new one", reason="JOIN_TOKEN_REFUSED"
        )

    async def list_dataplanes(self, caller: Caller, workspace_id: str, after: str, limit: int) -> list[SeenDataplane]:
        """Ascending by id, revoked ones too. A data plane sees only itself."""
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, caller, workspace_id)
            found = await work.dataplanes.page(workspace.id, after, limit)
            if isinstance(caller, DataplaneCaller):
                found = [dataplane for dataplane in found if dataplane.id == caller.dataplane_id]
            return [await self._seen(work, workspace, dataplane) for dataplane in found]

    async def get(self, caller: Caller, dataplane_id: str) -> SeenDataplane:
        """Raises NotFound for unknown and foreign ones alike."""
        async with self._store.reading() as work:
            workspace, dataplane = await self._reach(work, caller, dataplane_id, Role.VIEWER)
            return await self._seen(work, workspace, dataplane)

    async def revoke(
        self, caller: Caller, dataplane_id: str, reason: str, request: RequestKey | None = None
    ) -> SeenDataplane:
        """Its tokens are refused from now on and its live events are closed; twice is fine.

        What is delivered from then on is under a key that it never had.
        Here that holds before the answer is given, on other replicas as soon as they hear of it.
        """
        caller = require_management(caller)
        async with self._store.unit_of_work() as work:
            workspace, dataplane = await self._reach(work, caller, dataplane_id, Role.ADMIN)
            await work.workspaces.lock(workspace.id)
            await first_time(work, request)
            if dataplane.revoked_at is None:
                await work.dataplanes.revoke(dataplane_id, await work.now())
                await self._publisher.close_events(work, dataplane_id)
                work.announce(Notice(workspace.id, identity=dataplane_id))
                await self._keeper.rotate_delivery_key(work, workspace)
            revoked = await self._seen(work, workspace, await work.dataplanes.get(dataplane_id) or dataplane)
            facts: Facts = {"changed": dataplane.revoked_at is None, "reason": reason}
            await record(work, caller, "dataplane.revoke", dataplane_id, workspace, facts)
            await remember(work, request, revoked)
        self._forget(dataplane_id)
        return revoked

    async def _add(
        self, work: UnitOfWork, workspace: Workspace, token: JoinToken, command: EnrollDataplane
    ) -> Dataplane:
        dataplane = Dataplane(
            id=self._ids.new("dp"),
            workspace_id=workspace.id,
            group=token.group,
            name=command.name,
            signing_key=command.signing_key,
            sealing_key=command.sealing_key,
            applied_revision=0,
            boot=None,
            report=AgentReport(agent_version=command.agent_version),
            created_at=await work.now(),
        )
        await work.dataplanes.add(dataplane)
        await self._keeper.hand_keys_to(work, dataplane)
        await self._publisher.ring_everything(work, workspace, dataplane.id)
        return dataplane

    async def _reach(
        self, work: UnitOfWork, caller: Caller, dataplane_id: str, role: Role
    ) -> tuple[Workspace, Dataplane]:
        dataplane = await work.dataplanes.get(dataplane_id)
        own = not isinstance(caller, DataplaneCaller) or caller.dataplane_id == dataplane_id
        if dataplane is None or not own:
            if not isinstance(caller, DataplaneCaller):
                require_management(caller)
            raise unknown("data plane")
        try:
            return await reach_workspace(work, caller, dataplane.workspace_id, role), dataplane
        except NotFound:
            raise unknown("data plane") from None

    async def _seen(self, work: UnitOfWork, workspace: Workspace, dataplane: Dataplane) -> SeenDataplane:
        health = await health_of(work, dataplane, workspace.revision, self._clock.now())
        upgrade, url = await work.upgrades.latest(dataplane.id), await url_of(work, workspace.id, dataplane.id)
        return SeenDataplane(dataplane, health, workspace.revision, upgrade=upgrade, url=url)


def _enrolment(token: JoinToken, command: EnrollDataplane) -> RequestKey:
    """Who comes with this token and these keys is the same each time."""
    keys = sha256(command.signing_key + command.sealing_key).hexdigest()
    return RequestKey(f"join_token/{token.id}", "EnrollDataplane", keys, b"")


async def _enrolled_before(work: UnitOfWork, token: JoinToken, command: EnrollDataplane) -> Dataplane | None:
    """The data plane that these keys became by this token a moment ago, unless it was revoked since."""
    earlier = await repeated(work, _enrolment(token, command))
    made = await work.dataplanes.get(earlier.decode()) if earlier is not None else None
    if made is None or made.revoked_at is not None or await work.now() - made.created_at > ANSWERED_AGAIN_WITHIN:
        return None
    return made
