"""Configurations: trigger a new version, list the stored ones with what each data plane made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controlplane.domain.callers import Caller, DataplaneCaller, Role
from controlplane.domain.configurations import Configuration, ConfigurationState
from controlplane.domain.dataplanes import Dataplane, SlotState
from controlplane.domain.errors import PermissionRefused
from controlplane.domain.reverts import Revert
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import Facts, record
from controlplane.services.compilation import Prepared, prepare, source_of
from controlplane.services.ports import ConfigurationFilter, Store, UnitOfWork
from controlplane.services.publishing import Cause, Published, Publisher

COMPILE_TRIES = 3


@dataclass(frozen=True, slots=True)
class TriggerUpdate:
    """Compile what is stored and, when it differs, store and announce it. `metadata` is JSON for the events."""

    workspace_id: str
    user_id: str = ""
    reason: str = ""
    force: bool = False
    metadata: bytes = b""


@dataclass(frozen=True, slots=True)
class DataplaneVersions:
    """The versions of one configuration on one data plane; `proof` is JSON bytes, empty when there is none.

    `reverted`: the return to an older version than the applied one, while that serves.
    """

    dataplane_id: str
    desired_version: int
    delivered_version: int
    applied_version: int
    running_version: int
    drift_age: timedelta | None
    proof: bytes
    rejected_version: int
    rejected_reason: str
    reverted: Revert | None = None


@dataclass(frozen=True, slots=True)
class ListedConfiguration:
    """A stored version and, for the newest one, what each live data plane made of it."""

    configuration: Configuration
    dataplanes: tuple[DataplaneVersions, ...]


class ConfigurationService:
    """Use cases of configurations; polling is PollService's."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store = store
        self._publisher = publisher

    async def trigger_update(
        self, caller: Caller, command: TriggerUpdate, request: RequestKey | None = None
    ) -> Published:
        """Compile outside any lock, then store under it; inputs that changed meanwhile are compiled again.

        The third time it compiles inside the lock. Raises DoesNotCompile with every problem and path.
        """
        _refuse_dataplane(caller)
        for attempt in range(1, COMPILE_TRIES + 1):
            async with self._store.reading() as work:
                workspace = await reach_workspace(work, caller, command.workspace_id, Role.OPERATOR)
                await first_time(work, request)
                prepared = None if attempt == COMPILE_TRIES else await _prepare(work, workspace, command)
            published = await self._publish(caller, workspace, command, prepared, request)
            if published is not None:
                return published
        raise AssertionError("the last try compiles under the lock and always ends")

    async def _publish(
        self,
        caller: Caller,
        workspace: Workspace,
        command: TriggerUpdate,
        prepared: Prepared | None,
        request: RequestKey | None,
    ) -> Published | None:
        """None when the inputs are no longer those that were compiled."""
        async with self._store.unit_of_work() as work:
            workspace = await work.workspaces.lock(workspace.id) or workspace
            await first_time(work, request)
            if prepared is None:
                prepared = await _prepare(work, workspace, command)
            elif not prepared.holds(await source_of(work, workspace.id, command.user_id)):
                return None
            cause = Cause(reason=command.reason, metadata=command.metadata)
            published = await self._publisher.publish(
                work, workspace, command.user_id, prepared.compiled, cause, force=command.force
            )
            facts: Facts = {
                "changed": published.changed,
                "version": published.configuration.version,
                "force": command.force,
                "reason": command.reason,
            }
            await record(work, caller, "configuration.trigger", f"config/{command.user_id}", workspace, facts)
            await remember(work, request, published)
            return published

    async def list_configurations(
        self, caller: Caller, narrow: ConfigurationFilter, after: tuple[str, int] | None, limit: int, *, documents: bool
    ) -> list[ListedConfiguration]:
        """Ascending by user, newest version first. `narrow.workspace_id` may be empty for a key that sees one."""
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, caller, narrow.workspace_id)
            narrow = _in_workspace(narrow, workspace.id)
            found = await work.configurations.page(narrow, after, limit, documents=documents)
            if isinstance(caller, DataplaneCaller):
                return [ListedConfiguration(configuration, ()) for configuration in found]
            return await _with_dataplanes(work, workspace, found)

    async def list_active_users(self, caller: Caller, workspace_id: str, after: str, limit: int) -> list[str]:
        """Ids of consumers with an active configuration, ascending, greater than `after`."""
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, caller, workspace_id)
            return await work.configurations.active_users(workspace.id, after, limit)


async def _prepare(work: UnitOfWork, workspace: Workspace, command: TriggerUpdate) -> Prepared:
    return await prepare(work, await source_of(work, workspace.id, command.user_id))


def _in_workspace(narrow: ConfigurationFilter, workspace_id: str) -> ConfigurationFilter:
    return replace(narrow, workspace_id=workspace_id)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one data plane: rows of slots, and by user the versions that its watermark (`covered`, with
    `proofs` by slot) and its last report (`delivered`) tell of. A row of the slot says better."""

    plane: Dataplane
    states: Mapping[str, SlotState]
    proofs: Mapping[str, bytes]
    covered: Mapping[str, int]
    delivered: Mapping[str, int]

    def applied(self, configuration: Configuration) -> int:
        """The version proven applied."""
        state = self.states.get(configuration.slot)
        return state.applied_version if state else self.covered.get(configuration.user_id, 0)

    def running(self, configuration: Configuration) -> int:
        """The version that serves, as last reported; but what was proven after that report was made serves since."""
        state, applied = self.states.get(configuration.slot), self.applied(configuration)
        if state and state.reverted:
            return state.running_version
        if applied == configuration.version and configuration.revision > self.plane.report.received_revision:
            return applied
        reported = {running.slot: running.version for running in self.plane.report.running}
        return reported.get(configuration.slot, applied)


async def _with_dataplanes(
    work: UnitOfWork, workspace: Workspace, found: list[Configuration]
) -> list[ListedConfiguration]:
    """Join each newest version with every live data plane: a few queries a data plane, none a configuration."""
    planes = [plane for plane in await work.dataplanes.page(workspace.id, "", 1000) if plane.revoked_at is None]
    known = [await _known_of(work, workspace, plane, found) for plane in planes]
    newest = [each for each in found if each.state is not ConfigurationState.SUPERSEDED]
    behind = {(each.user_id, one.applied(each)) for one in known for each in newest if one.applied(each) < each.version}
    since, now = await work.configurations.followed_at(workspace.id, behind), await work.now()
    listed = []
    for configuration in found:
        told = known if configuration.state is not ConfigurationState.SUPERSEDED else []
        rows = tuple(_versions(configuration, one, since, now) for one in told)
        listed.append(ListedConfiguration(configuration, rows))
    return listed


async def _known_of(work: UnitOfWork, workspace: Workspace, plane: Dataplane, found: list[Configuration]) -> _Known:
    users, slots = {each.user_id for each in found}, {each.slot for each in found}
    states = await work.slots.states_of(plane.id, slots)
    return _Known(
        plane,
        states,
        await work.events.proofs(plane.id, slots - {slot for slot, state in states.items() if state.proof}),
        await work.configurations.versions_at(workspace.id, plane.applied_revision, users),
        await work.configurations.versions_at(workspace.id, plane.report.received_revision, users),
    )


def _versions(
    configuration: Configuration, known: _Known, since: Mapping[tuple[str, int], datetime], now: datetime
) -> DataplaneVersions:
    """`since`: when the version that followed an applied one was stored. It has drifted since then, or since it is, or
    since it was taken back."""
    slot, applied = configuration.slot, known.applied(configuration)
    state = known.states.get(slot)
    drifted_at = None
    if applied != configuration.version:
        drifted_at = since.get((configuration.user_id, applied), configuration.created_at)
    elif state and state.reverted:
        drifted_at = state.reverted.entered_at
    return DataplaneVersions(
        dataplane_id=known.plane.id,
        desired_version=configuration.version,
        delivered_version=known.delivered.get(configuration.user_id, 0),
        applied_version=applied,
        running_version=known.running(configuration),
        drift_age=now - max(drifted_at, known.plane.created_at) if drifted_at else None,
        proof=(state.proof if state else b"") or known.proofs.get(slot, b""),
        rejected_version=state.rejected_version if state else 0,
        rejected_reason=state.rejected_reason if state else "",
        reverted=state.reverted.told if state and state.reverted else None,
    )


def _refuse_dataplane(caller: Caller) -> None:
    if isinstance(caller, DataplaneCaller):
        raise PermissionRefused("a data plane may not trigger updates; use a management key", reason="CALLER_KIND")
