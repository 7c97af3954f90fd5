"""The upgrades' part of ConfiguratorService."""

from __future__ import annotations

from agentrouter.configurator.v1 import upgrades_pb2 as pb
from controlplane.domain.upgrades import UpgradePhase
from controlplane.services.upgrades import SubmitUpgrade, UpgradeService
from controlplane.transport.calls import Call
from controlplane.transport.messages.times import read_timestamp
from controlplane.transport.messages.upgrades import PHASES
from controlplane.transport.operations import Handler, handlers_of


class UpgradeHandlers:
    """One method an RPC."""

    def __init__(self, service: UpgradeService) -> None:
        self._service = service

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        methods: list[tuple[str, Handler]] = [
            ("SubmitDataplaneUpgradeCredentials", self.submit),
            ("GetDataplaneUpgradeCredentials", self.get),
            ("AckDataplaneUpgradeCredentials", self.acknowledge),
            ("CancelDataplaneUpgrade", self.cancel),
            ("RollbackDataplaneUpgrade", self.roll_back),
        ]
        return handlers_of("agentrouter.configurator.v1.ConfiguratorService", methods)

    async def submit(
        self, request: pb.SubmitDataplaneUpgradeCredentialsRequest, call: Call
    ) -> pb.SubmitDataplaneUpgradeCredentialsResponse:
        command = SubmitUpgrade(
            workspace_id=request.workspace_id,
            dataplane_id=request.dataplane_id,
            registry=request.registry,
            username=request.username,
            secret=request.secret,
            target_version=request.target_version,
            expires_at=read_timestamp(request, "expires_at"),
        )
        return _submitted(await self._service.submit(call.caller, command, call.once(_submitted)))

    async def get(
        self, request: pb.GetDataplaneUpgradeCredentialsRequest, call: Call
    ) -> pb.GetDataplaneUpgradeCredentialsResponse:
        sealed = await self._service.credentials(call.caller, request.upgrade_event_id)
        return pb.GetDataplaneUpgradeCredentialsResponse(sealed=sealed)

    async def acknowledge(
        self, request: pb.AckDataplaneUpgradeCredentialsRequest, call: Call
    ) -> pb.AckDataplaneUpgradeCredentialsResponse:
        await self._service.acknowledge(call.caller, request.upgrade_event_id)
        return pb.AckDataplaneUpgradeCredentialsResponse()

    async def cancel(self, request: pb.CancelDataplaneUpgradeRequest, call: Call) -> pb.CancelDataplaneUpgradeResponse:
        return _cancelled(
            await self._service.cancel(call.caller, request.workspace_id, request.dataplane_id, call.once(_cancelled))
        )

    async def roll_back(
        self, request: pb.RollbackDataplaneUpgradeRequest, call: Call
    ) -> pb.RollbackDataplaneUpgradeResponse:
        return _rolled_back(
            await self._service.roll_back(
                call.caller, request.workspace_id, request.dataplane_id, call.once(_rolled_back)
            )
        )


def _submitted(event_id: str) -> pb.SubmitDataplaneUpgradeCredentialsResponse:
    return pb.SubmitDataplaneUpgradeCredentialsResponse(upgrade_event_id=event_id)


def _cancelled(phase: UpgradePhase) -> pb.CancelDataplaneUpgradeResponse:
    return pb.CancelDataplaneUpgradeResponse(phase=PHASES[phase])


def _rolled_back(event_id: str) -> pb.RollbackDataplaneUpgradeResponse:
    return pb.RollbackDataplaneUpgradeResponse(rollback_event_id=event_id)
