"""Slots, read from where their contents are: configurations, values and revocations; and rows of what deviates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Row, Select, delete, func, not_, select

from controlplane.domain.configurations import ConfigurationState, config_slot
from controlplane.domain.dataplanes import SlotState
from controlplane.domain.slots import REVOCATIONS_SLOT, WORKSPACE_SLOT, AppliedSlot, DesiredSlot, user_of
from controlplane.services.ports.slots import SlotVersions
from controlplane.store.repositories import slot_queries as queries
from controlplane.store.rows import in_parts
from controlplane.store.slot_rows import slot_state_of
from controlplane.store.tables import DEVIATING, configurations, slot_states, slot_values
from controlplane.store.transaction import Transaction

Query = Select[*tuple[Any, ...]]


class SqlSlots:
    """The port's Slots."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def desired_since(self, workspace_id: str, dataplane_id: str, revision: int) -> list[DesiredSlot]:
        """Each kind by its own index of revisions."""
        found = await self._configurations(queries.configurations_since(workspace_id, revision))
        found += await self._values(queries.values_since(workspace_id, dataplane_id, revision))
        found += await self._revocations(queries.newest_revocation(workspace_id), above=revision)
        return sorted(found, key=lambda each: each.revision)

    async def desired_of(
        self, workspace_id: str, dataplane_id: str, slots: Collection[str]
    ) -> Mapping[str, DesiredSlot]:
        """The newest version of each of `slots`."""
        found: list[DesiredSlot] = []
        for part in in_parts(_users(slots)):
            of_users = queries.newest(workspace_id).where(configurations.c.user_id.in_(part))
            found += await self._configurations(of_users)
        for part in in_parts(_others(slots)):
            of_slots = queries.values(workspace_id, dataplane_id).where(slot_values.c.slot.in_(part))
            found += await self._values(of_slots.order_by(slot_values.c.dataplane_id))  # its own counts
        if REVOCATIONS_SLOT in slots:
            found += await self._revocations(queries.newest_revocation(workspace_id))
        return {each.slot: each for each in found}

    async def desired_page(self, workspace_id: str, dataplane_id: str, after: str, limit: int) -> list[DesiredSlot]:
        """Documents come first: no other slot's name sorts before theirs."""
        found: list[DesiredSlot] = []
        if not after or after.startswith(WORKSPACE_SLOT):
            users = queries.newest(workspace_id)
            if after:
                users = users.where(configurations.c.user_id > user_of(after))
            found = await self._configurations(users.order_by(configurations.c.user_id).limit(limit))
        if len(found) < limit:
            others = await self._values(queries.values(workspace_id, dataplane_id))
            others += await self._revocations(queries.newest_revocation(workspace_id))
            later = sorted((each for each in others if each.slot > after), key=lambda each: each.slot)
            found += later[: limit - len(found)]
        return found

    async def count(self, workspace_id: str, dataplane_id: str) -> int:
        """Configurations, values and the revocations."""
        total = len(await self._revocations(queries.newest_revocation(workspace_id)))
        for query in (queries.newest(workspace_id), queries.values(workspace_id, dataplane_id)):
            row = await self._transaction.first(query.with_only_columns(func.count()))
            total += int(row[0]) if row else 0
        return total

    async def versions_since(self, workspace_id: str, dataplane_id: str, revision: int, limit: int) -> SlotVersions:
        """Configurations are read first: whatever of the others came in since is behind `complete_to`, and left out.

        Each revision is of one thing: where documents took all of them, nothing else has to be asked for."""
        rows = await self._transaction.rows(queries.versions_since(workspace_id, revision, limit))
        read = [row for row in rows if row.version is not None]
        more = len(read) == limit
        complete_to = (read[-1].revision if more else rows[0].workspace_revision) if rows else revision
        others: list[DesiredSlot] = []
        if len(read) < complete_to - revision:
            others += await self._values(queries.values_since(workspace_id, dataplane_id, revision))
            others += await self._revocations(queries.revocations_since(workspace_id, revision))
        versions = [_configuration(row) for row in read] + [each for each in others if each.revision <= complete_to]
        return SlotVersions(tuple(sorted(versions, key=lambda each: each.revision)), complete_to, more)

    async def applied_at(
        self, workspace_id: str, dataplane_id: str, revision: int, slots: Collection[str]
    ) -> Mapping[str, AppliedSlot]:
        """Older versions of values are not kept: of one that changed since, no more is known than that it was there."""
        found: dict[str, AppliedSlot] = {}
        for part in in_parts(_users(slots)):
            for row in await self._transaction.rows(queries.applied_at(workspace_id, revision, part)):
                found[config_slot(row.user_id)] = AppliedSlot(row.version, _is_removed(row), row.revision)
        for part in in_parts(_others(slots)):
            of_slots = queries.values(workspace_id, dataplane_id).where(slot_values.c.slot.in_(part))
            for each in await self._values(of_slots):
                if each.revision <= revision:
                    found[each.slot] = AppliedSlot(each.version, each.removed, each.revision)
                elif revision and each.version > 1:
                    found[each.slot] = AppliedSlot(each.version - 1)
        if REVOCATIONS_SLOT in slots:
            for each in await self._revocations(queries.newest_revocation(workspace_id, up_to=revision)):
                found[each.slot] = AppliedSlot(each.version, revision=each.revision)
        return found

    async def states_of(self, dataplane_id: str, slots: Collection[str]) -> Mapping[str, SlotState]:
        """The rows of `slots`."""
        found: dict[str, SlotState] = {}
        for part in in_parts(list(set(slots))):
            query = select(slot_states).where(slot_states.c.dataplane_id == dataplane_id, slot_states.c.slot.in_(part))
            found.update((row.slot, slot_state_of(row)) for row in await self._transaction.rows(query))
        return found

    async def deviating(self, dataplane_id: str) -> list[SlotState]:
        """Found by their partial index, which may have what a replica of the release before applied again."""
        found = (slot_state_of(row) for row in await self._transaction.rows(queries.deviating(dataplane_id)))
        return [state for state in found if state.deviates]

    async def forget_covered(self, dataplane_id: str, revision: int) -> None:
        """The newest APPLIED event of a slot still has its proof."""
        columns = slot_states.c
        covered = (columns.dataplane_id == dataplane_id) & columns.applied_revision.between(1, revision)
        statement = delete(slot_states).where(covered, not_(DEVIATING), columns.slot != WORKSPACE_SLOT)
        await self._transaction.change(statement)

    async def drop(self, dataplane_id: str, slots: Collection[str]) -> None:
        """By slot."""
        for part in in_parts(sorted(set(slots))):
            of_dataplane = slot_states.c.dataplane_id == dataplane_id
            await self._transaction.change(delete(slot_states).where(of_dataplane, slot_states.c.slot.in_(part)))

    async def _configurations(self, query: Query) -> list[DesiredSlot]:
        return [_configuration(row) for row in await self._transaction.rows(query)]

    async def _values(self, query: Query) -> list[DesiredSlot]:
        rows = await self._transaction.rows(query)
        return [DesiredSlot(row.slot, row.version, row.revision, row.digest, row.tombstone) for row in rows]

    async def _revocations(self, query: Query, above: int = 0) -> list[DesiredSlot]:
        """All of them are one slot, and each one's revision is a version of it."""
        rows = await self._transaction.rows(query)
        revisions = [row.revision for row in rows if row.revision is not None and row.revision > above]
        return [DesiredSlot(REVOCATIONS_SLOT, revision, revision, "") for revision in revisions]


def _configuration(row: Row[Any]) -> DesiredSlot:
    return DesiredSlot(config_slot(row.user_id), row.version, row.revision, row.digest, _is_removed(row))


def _is_removed(row: Row[Any]) -> bool:
    return bool(row.state is ConfigurationState.REMOVED)


def _users(slots: Iterable[str]) -> list[str]:
    return sorted({user_of(slot) for slot in slots if slot.startswith(WORKSPACE_SLOT)})


def _others(slots: Iterable[str]) -> list[str]:
    return sorted({slot for slot in slots if not slot.startswith(WORKSPACE_SLOT)})
