"""The master key's part of OperationsService."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from agentrouter.management.v1 import operations_pb2 as pb
from controlplane.services.master_keys import MasterKeyService
from controlplane.transport.calls import Call
from controlplane.transport.operations import Streamer, streamers_of


class MasterKeyHandlers:
    """One method an RPC."""

    def __init__(self, service: MasterKeyService) -> None:
        self._service = service

    def table(self) -> dict[str, Streamer]:
        """Handlers by path."""
        return streamers_of("agentrouter.management.v1.OperationsService", [("RotateMasterKey", self.rotate)])

    async def rotate(
        self, _request: pb.RotateMasterKeyRequest, call: Call
    ) -> AsyncGenerator[pb.RotateMasterKeyResponse]:
        async with aclosing(self._service.rotate(call.caller)) as steps:
            async for step in steps:
                yield pb.RotateMasterKeyResponse(
                    wrapped_count=step.wrapped, total_count=step.total, fingerprint=step.fingerprint, done=step.done
                )
