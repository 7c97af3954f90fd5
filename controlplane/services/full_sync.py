"""FullSyncWorkspace: one run at a time in a workspace, whatever the replica; a second caller sees the same progress.

Who starts a run, its replica walks in the background, also when every caller has gone: a run is never left half done.
Each step is committed together with its number in a list that all callers read from the start, so whoever joins, on any
replica, or repeats a request, is told the same. A run whose lease ends is carried on from where it stood by any replica
that somebody follows it on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from controlplane.domain.callers import Caller, Role
from controlplane.domain.errors import StateConflict, Unavailable
from controlplane.domain.full_syncs import FULL_SYNC_LEASE, FullSyncRun
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_management
from controlplane.services.answers import RequestKey, remember, repeated
from controlplane.services.audit import record
from controlplane.services.full_sync_steps import FullSyncSteps, Position, Progress
from controlplane.services.ports import Ids, Store, UnitOfWork

LOOK_AGAIN_SECONDS = 0.25  # for steps that another replica takes
RETRY_SECONDS = 1.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FullSyncWorkspace:
    """What to synchronise; `validate_only` walks and tells, and changes nothing."""

    workspace_id: str
    validate_only: bool = False


class FullSyncService:
    """`replica` names this process among all that share the store."""

    def __init__(self, store: Store, steps: FullSyncSteps, ids: Ids, replica: str) -> None:
        self._store = store
        self._steps = steps
        self._ids = ids
        self._replica = replica
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Event()

    async def full_sync(
        self, caller: Caller, command: FullSyncWorkspace, request: RequestKey | None = None
    ) -> AsyncGenerator[Progress]:
        """Progress until it is done; needs the role operator. Raises StateConflict when the run failed."""
        management = require_management(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, management, command.workspace_id, Role.OPERATOR)
        told = self._plan(workspace)
        if not command.validate_only:
            told = self._follow(workspace, await self._enter(caller, workspace, request))
        async with contextlib.aclosing(told):
            async for progress in told:
                yield progress

    async def stop(self) -> None:
        """End this replica's runs where they stand, for others to go on at once."""
        runs, self._runs = self._runs, {}
        for task in runs.values():
            task.cancel()
        await asyncio.gather(*runs.values(), return_exceptions=True)
        for workspace_id in runs:
            async with self._store.unit_of_work() as work:
                run = await work.full_syncs.get(workspace_id)
                if run is not None and run.holder == self._replica and run.finished_at is None:
                    await work.full_syncs.put(replace(run, lease_expires_at=await work.now()))

    async def _plan(self, workspace: Workspace) -> AsyncGenerator[Progress]:
        position = Position()
        while not position.done:
            async with self._store.reading() as work:
                look = await self._steps.look(work, workspace, position)
                progress = await self._steps.plan(work, look, await work.now())
            yield progress
            position = look.position

    async def _enter(self, caller: Caller, workspace: Workspace, request: RequestKey | None) -> str:
        """Join the run under way or start one; the id of the run to follow."""
        async with self._store.unit_of_work() as work:
            workspace = await work.workspaces.lock(workspace.id) or workspace
            earlier = await repeated(work, request, kept_alike=True)
            if earlier is not None:
                return earlier.decode()
            now = await work.now()
            run = await work.full_syncs.get(workspace.id)
            if run is None or run.finished_at is not None:
                run = FullSyncRun(workspace.id, self._ids.new("fs"), self._replica, now + FULL_SYNC_LEASE, now)
                await work.full_syncs.put(run)
                await record(work, caller, "workspace.full_sync", workspace.id, workspace, {"run": run.id})
            await remember(work, request, run.id.encode())
        if run.holder == self._replica and run.position == b"":
            self._start(workspace, run.id)
        return run.id

    async def _follow(self, workspace: Workspace, run_id: str) -> AsyncGenerator[Progress]:
        """Every step from the first, as they come, whoever takes them."""
        number = 0
        while True:
            async with self._store.reading() as work:
                steps = await work.full_syncs.steps(run_id, number)
                run = await work.full_syncs.get(workspace.id)
                now = await work.now()
            for number, content in steps:  # noqa: B007 - where the next look starts
                progress = Progress.from_bytes(content)
                if progress.error:
                    raise StateConflict(progress.error, subject=run_id, reason="FULL_SYNC_FAILED")
                yield progress
                if progress.done:
                    return
            if run is None or run.id != run_id:
                raise StateConflict("its progress is no longer kept", subject=run_id, reason="FULL_SYNC_FORGOTTEN")
            if run.abandoned(now):
                await self._take_over(workspace, run_id)
            await self._wait()

    async def _wait(self) -> None:
        """For a step of this replica, or long enough for one of another."""
        with contextlib.suppress(TimeoutError):  # not wait_for: in Python 3.11 it may lose a cancellation
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await self._news.wait()

    async def _take_over(self, workspace: Workspace, run_id: str) -> None:
        async with self._store.unit_of_work() as work:
            now = await work.now()
            run = await work.full_syncs.get(workspace.id)
            if run is None or run.id != run_id or not run.abandoned(now):
                return
            await work.full_syncs.put(replace(run, holder=self._replica, lease_expires_at=now + FULL_SYNC_LEASE))
        self._start(workspace, run_id)

    def _start(self, workspace: Workspace, run_id: str) -> None:
        task = self._runs.get(workspace.id)
        if task is None or task.done():
            self._runs[workspace.id] = asyncio.create_task(self._run(workspace, run_id), name=f"full-sync-{run_id}")

    async def _run(self, workspace: Workspace, run_id: str) -> None:
        """Until it is done, failed, or another replica's."""
        goes_on = True
        while goes_on:
            try:
                goes_on = await self._step(workspace, run_id)
            except Unavailable as error:
                log.warning("a full synchronisation waits for the store: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                log.exception("a full synchronisation failed")
                await self._fail(workspace, run_id)
                return
            self._tell()

    async def _step(self, workspace: Workspace, run_id: str) -> bool:
        """Whether there is a next one for us to take."""
        async with self._store.reading() as work:
            run = await self._ours(work, workspace, run_id)
            if run is None:
                return False
            look = await self._steps.look(work, workspace, Position.from_bytes(run.position))
        async with self._store.unit_of_work() as work:
            locked = await work.workspaces.lock(workspace.id)
            run = await self._ours(work, workspace, run_id)
            if locked is None or run is None:
                return False
            position, progress = await self._steps.change(work, locked, look)
            await self._told(work, run, position, progress)
            return not position.done

    async def _fail(self, workspace: Workspace, run_id: str) -> None:
        """End the run, so that a later call starts anew instead of stumbling over the same again."""
        with contextlib.suppress(Unavailable):
            async with self._store.unit_of_work() as work:
                run = await self._ours(work, workspace, run_id)
                if run is not None:
                    at = Position.from_bytes(run.position)
                    error = "the full synchronisation failed; the log of the control plane says why"
                    told = Progress(at.walked, at.total, at.compiled, at.changed, error=error)
                    await self._told(work, run, replace(at, done=True), told)
        self._tell()

    async def _told(self, work: UnitOfWork, run: FullSyncRun, position: Position, progress: Progress) -> None:
        """Keep the step with what it changed, where the next one starts, and the run for longer."""
        now = await work.now()
        position = replace(position, number=position.number + 1)
        await work.full_syncs.add_step(run.id, position.number, progress.to_bytes(), now)
        finished_at = now if position.done else None
        expires_at = now + FULL_SYNC_LEASE
        await work.full_syncs.put(
            replace(run, lease_expires_at=expires_at, finished_at=finished_at, position=position.to_bytes())
        )

    async def _ours(self, work: UnitOfWork, workspace: Workspace, run_id: str) -> FullSyncRun | None:
        """The run, while this replica has it. A lapsed lease that nobody took is still ours."""
        run = await work.full_syncs.get(workspace.id)
        if run is None or (run.id, run.holder) != (run_id, self._replica) or run.finished_at is not None:
            return None
        return run

    def _tell(self) -> None:
        """Wake everybody who follows a run here."""
        news, self._news = self._news, asyncio.Event()
        news.set()
