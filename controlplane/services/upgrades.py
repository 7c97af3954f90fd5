"""Upgrades of a data plane, as far as the control plane has a part in them: credentials, commands, phases, expiry."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from contract.sealing import SealError, seal_to_dataplane, upgrade_context
from controlplane.domain.callers import Caller, ManagementCaller, Role
from controlplane.domain.dataplanes import Dataplane
from controlplane.domain.errors import FieldFault, InvalidInput, StateConflict
from controlplane.domain.events import Event, EventStatus, EventType
from controlplane.domain.upgrades import TRANSITIONS, Upgrade, UpgradePhase
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_dataplane, require_management, unknown
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import record
from controlplane.services.gateway_values import meant_dataplane
from controlplane.services.ports import Store, UnitOfWork
from controlplane.services.publishing import Cause, Publisher

LONGEST = timedelta(hours=24)
SLOT = "upgrade"
CANCEL_SLOTS = "upgrade_cancel/"
EXPIRED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class SubmitUpgrade:
    """Registry credentials for one upgrade; `expires_at` None: in 24 h, the longest."""

    workspace_id: str
    dataplane_id: str
    registry: str
    username: str
    secret: str = field(repr=False)
    target_version: str
    expires_at: datetime | None = None


class UpgradeService:
    """Use cases of upgrades. Those that change something need the role operator."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store = store
        self._publisher = publisher

    async def submit(self, caller: Caller, command: SubmitUpgrade, request: RequestKey | None = None) -> str:
        """The upgrade's event id. Raises StateConflict while another upgrade of the data plane is under way."""
        management = require_management(caller)
        _check(command)
        async with self._store.unit_of_work() as work:
            workspace = await _locked(work, management, command.workspace_id)
            await first_time(work, request)
            plane = await _plane(work, workspace, command.dataplane_id)
            await _refuse_running(work, plane.id)
            now = await work.now()
            ends = _end_of(command, now)
            event = await self._ring(work, plane, SLOT, EventType.UPGRADE)
            upgrade = await _next(work, plane, event.id, UpgradePhase.REQUESTED, command.target_version, now)
            upgrade = replace(
                upgrade,
                registry=command.registry,
                username=command.username,
                sealed=_sealed(plane, event.id, command),
                expires_at=ends,
            )
            await work.upgrades.add(upgrade)
            facts = {"upgrade": event.id, "registry": command.registry, "target_version": command.target_version}
            await record(work, management, "upgrade.submit", plane.id, workspace, facts)
            await remember(work, request, event.id)
            return event.id

    async def credentials(self, caller: Caller, event_id: str) -> bytes:
        """As only the data plane can open them; every read is audited. NotFound once wiped, expired or foreign."""
        dataplane = require_dataplane(caller)
        async with self._store.unit_of_work() as work:
            upgrade = await _own(work, dataplane.dataplane_id, event_id)
            now = await work.now()
            if not upgrade.sealed or (upgrade.expires_at is not None and upgrade.expires_at <= now):
                raise unknown("upgrade credentials")
            workspace = await work.workspaces.get(upgrade.workspace_id)
            await record(work, caller, "upgrade.read_credentials", event_id, workspace)
            return upgrade.sealed

    async def acknowledge(self, caller: Caller, event_id: str) -> None:
        """The agent has the credentials safely: the stored copy is wiped. Twice is fine."""
        dataplane = require_dataplane(caller)
        async with self._store.unit_of_work() as work:
            upgrade = await _own(work, dataplane.dataplane_id, event_id)
            if upgrade.phase is UpgradePhase.REQUESTED:
                upgrade = upgrade.to(UpgradePhase.CREDENTIALS_READY, await work.now())
            await work.upgrades.save(upgrade.wiped())

    async def cancel(
        self, caller: Caller, workspace_id: str, dataplane_id: str, request: RequestKey | None = None
    ) -> UpgradePhase:
        """Ring for the running upgrade to roll back; nothing happens when it is cancelled or has ended."""
        management = require_management(caller)
        async with self._store.unit_of_work() as work:
            workspace = await _locked(work, management, workspace_id)
            await first_time(work, request)
            plane = await _plane(work, workspace, dataplane_id)
            upgrade = await _latest(work, plane.id)
            if UpgradePhase.CANCELLING in TRANSITIONS[upgrade.phase]:
                upgrade = upgrade.to(UpgradePhase.CANCELLING, await work.now())
                await work.upgrades.save(upgrade)
                await self._ring(work, plane, CANCEL_SLOTS + upgrade.event_id, EventType.UPGRADE_CANCEL)
            facts = {"upgrade": upgrade.event_id, "phase": upgrade.phase.value}
            await record(work, management, "upgrade.cancel", plane.id, workspace, facts)
            await remember(work, request, upgrade.phase)
            return upgrade.phase

    async def roll_back(
        self, caller: Caller, workspace_id: str, dataplane_id: str, request: RequestKey | None = None
    ) -> str:
        """The roll-back's event id, the latest view from now on. Raises StateConflict unless the latest COMPLETED."""
        management = require_management(caller)
        async with self._store.unit_of_work() as work:
            workspace = await _locked(work, management, workspace_id)
            await first_time(work, request)
            plane = await _plane(work, workspace, dataplane_id)
            latest = await _latest(work, plane.id)
            if latest.phase is not UpgradePhase.COMPLETED:
                raise StateConflict(
                    f"only a completed upgrade can be rolled back; the latest is {latest.phase.value}",
                    subject=latest.event_id,
                    reason="UPGRADE_PHASE",
                )
            event = await self._ring(work, plane, SLOT, EventType.UPGRADE_ROLLBACK)
            now = await work.now()
            await work.upgrades.add(await _next(work, plane, event.id, UpgradePhase.ROLLING_BACK, "", now))
            await record(work, management, "upgrade.roll_back", plane.id, workspace, {"upgrade": latest.event_id})
            await remember(work, request, event.id)
            return event.id

    async def expire(self) -> int:
        """Wipe credentials whose time is over; an upgrade that nobody took up has failed. How many there were."""
        async with self._store.unit_of_work() as work:
            now = await work.now()
            expired = await work.upgrades.expired(now, EXPIRED_AT_ONCE)
            for upgrade in expired:
                if upgrade.phase is UpgradePhase.REQUESTED:
                    upgrade = upgrade.to(UpgradePhase.FAILED, now, "the credentials expired before they were taken")
                await work.upgrades.save(upgrade.wiped())
            return len(expired)

    async def _ring(self, work: UnitOfWork, plane: Dataplane, slot: str, kind: EventType) -> Event:
        latest = await work.upgrades.latest(plane.id)
        number = latest.number + 1 if latest and slot == SLOT else 1
        rung = await self._publisher.ring_slot(work, plane.workspace_id, slot, number, Cause(kind), plane.id)
        return rung[0]


async def follow_command(work: UnitOfWork, ended: Event) -> None:
    """An upgrade's, roll-back's or cancellation's event ended, and so does its phase."""
    if ended.slot.startswith(CANCEL_SLOTS):
        await _follow_cancellation(work, ended)
        return
    upgrade = await work.upgrades.get(ended.id)
    if upgrade is None or upgrade.ended:
        return
    rolling_back = upgrade.phase is UpgradePhase.ROLLING_BACK
    done = UpgradePhase.ROLLED_BACK if rolling_back else UpgradePhase.COMPLETED
    phase = done if ended.status is EventStatus.APPLIED else UpgradePhase.FAILED
    await work.upgrades.save(upgrade.to(phase, await work.now(), ended.error))


async def _follow_cancellation(work: UnitOfWork, ended: Event) -> None:
    upgrade = await work.upgrades.get(ended.slot.removeprefix(CANCEL_SLOTS))
    if upgrade is None or upgrade.phase is not UpgradePhase.CANCELLING:
        return
    applied = ended.status is EventStatus.APPLIED
    phase = UpgradePhase.CANCELLED if applied else UpgradePhase.FAILED
    await work.upgrades.save(upgrade.to(phase, await work.now(), ended.error))


async def _locked(work: UnitOfWork, caller: ManagementCaller, workspace_id: str) -> Workspace:
    reached = await reach_workspace(work, caller, workspace_id, Role.OPERATOR)
    return await work.workspaces.lock(reached.id) or reached


async def _plane(work: UnitOfWork, workspace: Workspace, dataplane_id: str) -> Dataplane:
    plane = await work.dataplanes.get(await meant_dataplane(work, workspace.id, dataplane_id))
    if plane is None:
        raise unknown("data plane")
    return plane


async def _own(work: UnitOfWork, dataplane_id: str, event_id: str) -> Upgrade:
    upgrade = await work.upgrades.get(event_id)
    if upgrade is None or upgrade.dataplane_id != dataplane_id:
        raise unknown("upgrade credentials")
    return upgrade


async def _latest(work: UnitOfWork, dataplane_id: str) -> Upgrade:
    upgrade = await work.upgrades.latest(dataplane_id)
    if upgrade is None:
        raise unknown("upgrade")
    return upgrade


async def _refuse_running(work: UnitOfWork, dataplane_id: str) -> None:
    latest = await work.upgrades.latest(dataplane_id)
    if latest is not None and not latest.ended:
        raise StateConflict(
            f"an upgrade of this data plane is {latest.phase.value}; cancel it first",
            subject=latest.event_id,
            reason="UPGRADE_RUNNING",
        )


async def _next(
    work: UnitOfWork, plane: Dataplane, event_id: str, phase: UpgradePhase, target: str, now: datetime
) -> Upgrade:
    latest = await work.upgrades.latest(plane.id)
    number = latest.number + 1 if latest else 1
    return Upgrade(event_id, plane.workspace_id, plane.id, number, phase, target, "", "", b"", None, "", now, now)


def _check(command: SubmitUpgrade) -> None:
    wanted = {"registry": command.registry, "secret": command.secret, "target_version": command.target_version}
    faults = tuple(FieldFault(name, "required", "must be given") for name, value in wanted.items() if not value)
    if faults:
        raise InvalidInput(f"{', '.join(fault.path for fault in faults)} must be given", faults)


def _end_of(command: SubmitUpgrade, now: datetime) -> datetime:
    ends = command.expires_at or now + LONGEST
    if not now < ends <= now + LONGEST:
        fault = FieldFault("expires_at", "range", "must be in the future, at most 24 hours away")
        raise InvalidInput("expires_at must be in the future, at most 24 hours away", (fault,))
    return ends


def _sealed(plane: Dataplane, event_id: str, command: SubmitUpgrade) -> bytes:
    plaintext = json.dumps(
        {"registry": command.registry, "username": command.username, "secret": command.secret}
    ).encode()
    try:
        context = upgrade_context(plane.workspace_id, plane.id, event_id)
        return seal_to_dataplane(plaintext, plane.sealing_key, context)
    except SealError as error:
        raise StateConflict(str(error), subject=plane.id, reason="SEALING_KEY_UNUSABLE") from None
