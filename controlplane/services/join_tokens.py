"""Join tokens: made and shown once, listed without their secrets, revoked before their time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controlplane.domain.callers import Caller, ManagementCaller, Role
from controlplane.domain.dataplanes import JoinToken
from controlplane.domain.errors import NotFound
from controlplane.services.access import reach_workspace, require_management, unknown
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import Facts, record
from controlplane.services.lifetimes import ends_at
from controlplane.services.ports import Ids, Mint, NewSecret, Store, UnitOfWork

LIFETIME = timedelta(hours=1)
DEFAULT_GROUP = "default"


@dataclass(frozen=True, slots=True)
class CreateJoinToken:
    """A token that lets `max_uses` data planes enrol into `group`."""

    workspace_id: str
    group: str = ""
    max_uses: int = 1
    lifetime: timedelta | None = None


@dataclass(frozen=True, slots=True)
class CreatedJoinToken:
    """Id and end of the token, and the token itself to show once."""

    id: str
    expires_at: datetime
    secret: NewSecret


class JoinTokenService:
    """Use cases of join tokens; all need the role admin."""

    def __init__(self, store: Store, mint: Mint, ids: Ids) -> None:
        self._store = store
        self._mint = mint
        self._ids = ids

    async def create(
        self, caller: Caller, command: CreateJoinToken, request: RequestKey | None = None
    ) -> CreatedJoinToken:
        """The token is good for an hour unless said otherwise."""
        management = require_management(caller)
        secret = self._mint.join_token()
        async with self._store.unit_of_work() as work:
            workspace = await reach_workspace(work, management, command.workspace_id, Role.ADMIN)
            await first_time(work, request)
            now = await work.now()
            token = JoinToken(
                id=self._ids.new("jt"),
                workspace_id=workspace.id,
                group=command.group or DEFAULT_GROUP,
                token_hash=secret.hash,
                max_uses=max(command.max_uses, 1),
                uses=0,
                expires_at=ends_at(now, LIFETIME if command.lifetime is None else command.lifetime),
                created_at=now,
                created_by=management.key_id,
            )
            await work.dataplanes.add_join_token(token)
            facts: Facts = {
                "group": token.group,
                "max_uses": token.max_uses,
                "expires_at": token.expires_at.isoformat(),
            }
            await record(work, management, "join_token.create", token.id, workspace, facts)
            created = CreatedJoinToken(token.id, token.expires_at, secret)
            await remember(work, request, created)
            return created

    async def list_tokens(
        self, caller: Caller, workspace_id: str, after: str, limit: int, *, ended: bool
    ) -> list[JoinToken]:
        """Ascending by id; `ended`: used-up, expired and revoked ones too."""
        management = require_management(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, management, workspace_id, Role.ADMIN)
            usable_at = None if ended else await work.now()
            return await work.dataplanes.join_tokens(workspace.id, after, limit, usable_at)

    async def revoke(self, caller: Caller, token_id: str, reason: str, request: RequestKey | None = None) -> JoinToken:
        """Nobody enrols with it any more, from the commit on; who did stays. Twice is fine.

        Raises NotFound for unknown and foreign ones alike.
        """
        management = require_management(caller)
        async with self._store.unit_of_work() as work:
            token = await _reach(work, management, token_id)
            workspace = await reach_workspace(work, management, token.workspace_id, Role.ADMIN)
            await first_time(work, request)
            now = await work.now()
            await work.dataplanes.revoke_join_token(token.id, now)
            revoked = replace(token, revoked_at=token.revoked_at or now)
            facts: Facts = {"changed": token.revoked_at is None, "group": token.group, "reason": reason}
            await record(work, management, "join_token.revoke", token.id, workspace, facts)
            await remember(work, request, revoked)
            return revoked


async def _reach(work: UnitOfWork, caller: ManagementCaller, token_id: str) -> JoinToken:
    token = await work.dataplanes.join_token(token_id)
    if token is None:
        raise unknown("join token")
    try:
        await reach_workspace(work, caller, token.workspace_id)
    except NotFound:
        raise unknown("join token") from None
    return token
