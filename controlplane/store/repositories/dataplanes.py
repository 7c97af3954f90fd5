"""Data planes, their join tokens, and what each made of its slots."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, select, update

from controlplane.domain.dataplanes import Boot, Dataplane, JoinToken, SlotState
from controlplane.services.ports import Sighting
from controlplane.store.columns import Moment
from controlplane.store.reports import from_text, to_text
from controlplane.store.rows import from_row, in_parts, to_row
from controlplane.store.slot_rows import slot_row, slot_state_of
from controlplane.store.tables import UNREVOKED, dataplanes, join_tokens, slot_states
from controlplane.store.transaction import Transaction


class SqlDataplanes:
    """The port's Dataplanes."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, dataplane: Dataplane) -> None:
        """Store a new one."""
        row = to_row(dataplane, dataplanes, report=to_text(dataplane.report), **_boot_columns(dataplane.boot))
        await self._transaction.insert(dataplanes, row)

    async def get(self, dataplane_id: str) -> Dataplane | None:
        """By id, a revoked one too."""
        row = await self._transaction.first(select(dataplanes).where(dataplanes.c.id == dataplane_id))
        return _dataplane(row) if row else None

    async def by_ids(self, dataplane_ids: Collection[str]) -> list[Dataplane]:
        """Those there are, in no order."""
        found: list[Dataplane] = []
        for part in in_parts(list(dataplane_ids)):
            rows = await self._transaction.rows(select(dataplanes).where(dataplanes.c.id.in_(part)))
            found += [_dataplane(row) for row in rows]
        return found

    async def page(self, workspace_id: str, after: str, limit: int) -> list[Dataplane]:
        """Ascending by id, revoked ones too."""
        query = select(dataplanes).where(dataplanes.c.workspace_id == workspace_id, dataplanes.c.id > after)
        rows = await self._transaction.rows(query.order_by(dataplanes.c.id).limit(limit))
        return [_dataplane(row) for row in rows]

    async def live_ids(self, workspace_id: str) -> list[str]:
        """Ids of those neither revoked nor retired, ascending."""
        live = (dataplanes.c.workspace_id == workspace_id, UNREVOKED, dataplanes.c.retired_at.is_(None))
        query = select(dataplanes.c.id).where(*live)
        return [row.id for row in await self._transaction.rows(query.order_by(dataplanes.c.id))]

    async def set_boot(self, dataplane_id: str, boot: Boot) -> None:
        """The life that speaks for it from now on."""
        await self._transaction.change(
            update(dataplanes).where(dataplanes.c.id == dataplane_id).values(**_boot_columns(boot))
        )

    async def revoke(self, dataplane_id: str, revoked_at: datetime) -> None:
        """Keeps the first time when called twice."""
        statement = update(dataplanes).where(dataplanes.c.id == dataplane_id, UNREVOKED)
        await self._transaction.change(statement.values(revoked_at=revoked_at))

    async def unseen_since(self, moment: datetime, limit: int) -> list[Dataplane]:
        """Neither revoked nor retired, and last heard (or enrolled) before; ascending by id."""
        columns = dataplanes.c
        unseen = func.coalesce(columns.last_seen_at, columns.created_at) < bindparam("moment", moment, Moment())
        query = select(dataplanes).where(UNREVOKED, columns.retired_at.is_(None), unseen)
        return [_dataplane(row) for row in await self._transaction.rows(query.order_by(columns.id).limit(limit))]

    async def set_retired(self, dataplane_id: str, retired_at: datetime | None) -> None:
        """None revives it."""
        statement = update(dataplanes).where(dataplanes.c.id == dataplane_id)
        await self._transaction.change(statement.values(retired_at=retired_at))

    async def lock(self, dataplane_id: str) -> Dataplane | None:
        """Weak enough to let rows that refer to it in."""
        query = select(dataplanes).where(dataplanes.c.id == dataplane_id)
        rows = await self._transaction.held(query, key_share=True)
        return _dataplane(rows[0]) if rows else None

    async def lock_all(self, dataplane_ids: Collection[str]) -> list[Dataplane]:
        """In the order of their ids, so that no two who lock several wait for each other."""
        found: list[Dataplane] = []
        for part in in_parts(sorted(set(dataplane_ids))):
            query = select(dataplanes).where(dataplanes.c.id.in_(part)).order_by(dataplanes.c.id)
            found += [_dataplane(row) for row in await self._transaction.held(query, key_share=True)]
        return found

    async def want_everything(self, dataplane_id: str, revision: int) -> None:
        """Up to that revision."""
        statement = update(dataplanes).where(dataplanes.c.id == dataplane_id)
        await self._transaction.change(statement.values(wanted_revision=revision))

    async def note_lost_ledger(self, dataplane_id: str, boot_counter: int) -> bool:
        """One statement notes and decides."""
        columns = dataplanes.c
        news = (columns.id == dataplane_id) & (columns.lost_ledger_boot < boot_counter)
        statement = update(dataplanes).where(news).values(lost_ledger_boot=boot_counter)
        return await self._transaction.change(statement) == 1

    async def raise_applied_revision(self, dataplane_id: str, revision: int) -> None:
        """Never lowers it."""
        statement = update(dataplanes).where(dataplanes.c.id == dataplane_id, dataplanes.c.applied_revision < revision)
        await self._transaction.change(statement.values(applied_revision=revision))

    async def save_sightings(self, sightings: Sequence[Sighting]) -> None:
        """A statement for those who say the same within a second, as seen when the first of them was: a crowd says
        the same. An older sighting never overwrites a newer one."""
        told: dict[tuple[str, int], list[Sighting]] = {}
        for each in sightings:
            told.setdefault((to_text(each.report), int(each.seen_at.timestamp())), []).append(each)
        ids = sorted(each.dataplane_id for each in sightings)
        for part in in_parts(ids):  # replicas lock in one order
            held = select(dataplanes.c.id).where(dataplanes.c.id.in_(part)).order_by(dataplanes.c.id)
            await self._transaction.held(held, key_share=True)
        seen_at = dataplanes.c.last_seen_at
        for (said, _), group in told.items():
            seen = min(each.seen_at for each in group)
            for some in in_parts([each.dataplane_id for each in group]):
                newer = update(dataplanes).where(dataplanes.c.id.in_(some), seen_at.is_(None) | (seen_at <= seen))
                await self._transaction.change(newer.values(last_seen_at=seen, report=said))

    async def slot_state(self, dataplane_id: str, slot: str) -> SlotState | None:
        """What that data plane made of that slot."""
        query = select(slot_states).where(slot_states.c.dataplane_id == dataplane_id, slot_states.c.slot == slot)
        row = await self._transaction.first(query)
        return slot_state_of(row) if row else None

    async def slot_states(self, dataplane_ids: Collection[str]) -> list[SlotState]:
        """Ascending by (data plane, slot)."""
        states: list[SlotState] = []
        for part in in_parts(sorted(set(dataplane_ids))):
            query = select(slot_states).where(slot_states.c.dataplane_id.in_(part))
            rows = await self._transaction.rows(query.order_by(slot_states.c.dataplane_id, slot_states.c.slot))
            states += [slot_state_of(row) for row in rows]
        return states

    async def put_slot_state(self, state: SlotState) -> None:
        """Replace what is kept of that slot."""
        await self._transaction.replace(slot_states, slot_row(state))

    async def add_join_token(self, token: JoinToken) -> None:
        """Store a new one. Raises AlreadyExists when the hash is taken."""
        await self._transaction.insert(join_tokens, to_row(token, join_tokens))

    async def join_token_by_hash(self, token_hash: str) -> JoinToken | None:
        """By hash, a used-up or expired one too."""
        row = await self._transaction.first(select(join_tokens).where(join_tokens.c.token_hash == token_hash))
        return from_row(JoinToken, row) if row else None

    async def use_join_token(self, token_id: str, now: datetime) -> bool:
        """One statement counts and decides, so that of many at once exactly `max_uses` succeed."""
        columns = join_tokens.c
        usable = and_(columns.id == token_id, *_usable(now))
        return await self._transaction.change(update(join_tokens).where(usable).values(uses=columns.uses + 1)) == 1

    async def join_token(self, token_id: str) -> JoinToken | None:
        """By id, whatever became of it."""
        row = await self._transaction.first(select(join_tokens).where(join_tokens.c.id == token_id))
        return from_row(JoinToken, row) if row else None

    async def join_tokens(
        self, workspace_id: str, after: str, limit: int, usable_at: datetime | None
    ) -> list[JoinToken]:
        """Ascending by id."""
        query = select(join_tokens).where(join_tokens.c.workspace_id == workspace_id, join_tokens.c.id > after)
        if usable_at is not None:
            query = query.where(*_usable(usable_at))
        rows = await self._transaction.rows(query.order_by(join_tokens.c.id).limit(limit))
        return [from_row(JoinToken, row) for row in rows]

    async def revoke_join_token(self, token_id: str, revoked_at: datetime) -> None:
        """Keeps the first time when called twice."""
        unrevoked = (join_tokens.c.id == token_id) & join_tokens.c.revoked_at.is_(None)
        await self._transaction.change(update(join_tokens).where(unrevoked).values(revoked_at=revoked_at))


def _usable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Whether one more data plane may enrol with a join token."""
    columns = join_tokens.c
    return columns.uses < columns.max_uses, columns.expires_at > now, columns.revoked_at.is_(None)


def _boot_columns(boot: Boot | None) -> dict[str, Any]:
    return {"boot_counter": boot.counter if boot else None, "boot_nonce": boot.nonce if boot else None}


def _dataplane(row: Row[Any]) -> Dataplane:
    fields = dict(row._mapping)
    counter, nonce = fields.pop("boot_counter"), fields.pop("boot_nonce")
    fields["boot"] = None if counter is None else Boot(counter, nonce)
    fields["report"] = from_text(fields["report"])
    return Dataplane(**fields)
