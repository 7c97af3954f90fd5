"""ConfiguratorService, the part about slots: find what deviates, and repair it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

from agentrouter.configurator.v1 import slots_pb2 as pb
from controlplane.services.full_sync import FullSyncService, FullSyncWorkspace
from controlplane.services.reconciliation import ReconciliationService
from controlplane.transport.calls import Call
from controlplane.transport.handlers.configurator import SERVICE
from controlplane.transport.messages import slots
from controlplane.transport.operations import Handler, Streamer, handlers_of, streamers_of


class SlotHandlers:
    """One method an RPC."""

    def __init__(self, reconciliation: ReconciliationService, full_syncs: FullSyncService) -> None:
        self._reconciliation = reconciliation
        self._full_syncs = full_syncs

    def table(self) -> dict[str, Handler | Streamer]:
        """Handlers by path."""
        return {
            **handlers_of(SERVICE, [("ReconcileWorkspace", self.reconcile)]),
            **streamers_of(SERVICE, [("FullSyncWorkspace", self.full_sync)]),
        }

    async def reconcile(self, request: pb.ReconcileWorkspaceRequest, call: Call) -> pb.ReconcileWorkspaceResponse:
        command, told = slots.read_reconcile(request), slots.reconciled
        return told(await self._reconciliation.reconcile(call.caller, command, call.once(told)))

    async def full_sync(
        self, request: pb.FullSyncWorkspaceRequest, call: Call
    ) -> AsyncGenerator[pb.FullSyncWorkspaceResponse]:
        command = FullSyncWorkspace(request.workspace_id, request.validate_only)
        told = self._full_syncs.full_sync(call.caller, command, call.request_key)
        async with contextlib.aclosing(told):
            async for progress in told:
                yield slots.progress(progress)
