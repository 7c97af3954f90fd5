"""gRPC over one HTTP/2 channel, kept alive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any as Anything
from urllib.parse import urlsplit

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError, Message
from google.rpc import status_pb2

from agentrouter.configurator.v1.configurator_service_pb2_grpc import ConfiguratorServiceStub
from agentrouter.management.v1.dataplanes_pb2_grpc import DataplaneServiceStub
from liaison_agent.control.wires import MAX_ANSWER_BYTES, Procedure, WireFailure

_DETAILS = "grpc-status-details-bin"
_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_ANSWER_BYTES),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # Back-off between calls is the poller's; the channel must not sit out two minutes of its own.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.enable_retries", 0),
]


class GrpcWire:
    """Implements `Wire`. `url` is `http://host:port` (clear text) or `https://…`; `ca` (PEM) is then trusted alone,
    empty: whom gRPC trusts."""

    def __init__(self, url: str, ca: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme == "https":
            credentials = grpc.ssl_channel_credentials(root_certificates=ca.encode() or None)
            self._channel = grpc.aio.secure_channel(parts.netloc, credentials, options=_OPTIONS)
        else:
            self._channel = grpc.aio.insecure_channel(parts.netloc, options=_OPTIONS)
        configurator = ConfiguratorServiceStub(self._channel)
        dataplanes = DataplaneServiceStub(self._channel)
        self._methods: dict[Procedure, Callable[..., Anything]] = {
            Procedure.GET_CONFIGURATION: configurator.GetConfiguration,
            Procedure.ACKNOWLEDGE_EVENT: configurator.AcknowledgeEvent,
            Procedure.COMPLETE_EVENT: configurator.CompleteEvent,
            Procedure.ENROLL_DATAPLANE: dataplanes.EnrollDataplane,
        }

    async def call(self, procedure: Procedure, request: Message, *, token: str | None, within: timedelta) -> Message:
        """See `Wire`."""
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        method = self._methods[procedure]
        try:
            response: Message = await method(request, metadata=metadata, timeout=within.total_seconds())
        except grpc.aio.AioRpcError as error:
            raise WireFailure(error.code().name, error.details() or "", _details(error)) from None
        return response

    async def close(self) -> None:
        """See `Wire`."""
        await self._channel.close()


def _details(error: grpc.aio.AioRpcError) -> list[Any]:
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS and isinstance(value, bytes):
            try:
                return list(status_pb2.Status.FromString(value).details)
            except DecodeError:
                return []
    return []
