"""ConfiguratorService, the part about slots: find what deviates, and repair it."""

from __future__ import annotations

from agentrouter.configurator.v1 import slots_pb2 as pb
from controlplane.services.reconciliation import ReconciliationService
from controlplane.transport.calls import Call
from controlplane.transport.handlers.configurator import SERVICE
from controlplane.transport.messages import slots
from controlplane.transport.operations import Handler, handlers_of


class SlotHandlers:
    """One method an RPC."""

    def __init__(self, reconciliation: ReconciliationService) -> None:
        self._reconciliation = reconciliation

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        return handlers_of(SERVICE, [("ReconcileWorkspace", self.reconcile)])

    async def reconcile(self, request: pb.ReconcileWorkspaceRequest, call: Call) -> pb.ReconcileWorkspaceResponse:
        command = slots.read_reconcile(request)
        return slots.reconciled(await self._reconciliation.reconcile(call.caller, command, call.request_key))
