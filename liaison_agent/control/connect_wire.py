"""Connect with binary protobuf over HTTP/1.1, one connection kept alive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any as Anything

from connectrpc.errors import ConnectError
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from pyqwest import Client, HTTPTransport, HTTPVersion

from agentrouter.configurator.v1.configurator_service_connect import ConfiguratorServiceClient
from agentrouter.management.v1.dataplanes_connect import DataplaneServiceClient
from liaison_agent.control.wires import MAX_ANSWER_BYTES, Procedure, WireFailure

CONNECTS_WITHIN = 10.0

_Method = Callable[..., Awaitable[Message]]


class ConnectWire:
    """Implements `Wire`. `url` is `http://host:port` or `https://…`; `ca` (PEM) is then trusted alone, empty: whom the
    host trusts."""

    def __init__(self, url: str, ca: str = "") -> None:
        self._transport = HTTPTransport(
            http_version=HTTPVersion.HTTP1,
            connect_timeout=CONNECTS_WITHIN,
            tls_include_system_certs=not ca,
            tls_ca_cert=ca.encode() or None,
            enable_gzip=False,
            enable_brotli=False,
            enable_zstd=False,
            enable_otel=False,
            follow_redirects=False,
        )
        # Compression is switched off on both sides: a server without it would be sent gzip by default and refuse.
        options: dict[str, Anything] = {
            "http_client": Client(self._transport),
            "send_compression": None,
            "accept_compression": [],
            "read_max_bytes": MAX_ANSWER_BYTES,
        }
        configurator = ConfiguratorServiceClient(url, **options)
        dataplanes = DataplaneServiceClient(url, **options)
        self._methods: dict[Procedure, _Method] = {
            Procedure.GET_CONFIGURATION: configurator.get_configuration,
            Procedure.ACKNOWLEDGE_EVENT: configurator.acknowledge_event,
            Procedure.COMPLETE_EVENT: configurator.complete_event,
            Procedure.ENROLL_DATAPLANE: dataplanes.enroll_dataplane,
        }

    async def call(self, procedure: Procedure, request: Message, *, token: str | None, within: timedelta) -> Message:
        """See `Wire`."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        timeout_ms = int(within.total_seconds() * 1000)
        try:
            return await self._methods[procedure](request, headers=headers, timeout_ms=timeout_ms)
        except ConnectError as error:
            if isinstance(error.__cause__, asyncio.CancelledError):  # the library turns our own cancellation into this
                raise error.__cause__ from None
            raise WireFailure(error.code.name, error.message, _details(error)) from None

    async def close(self) -> None:
        """See `Wire`."""
        await self._transport.aclose()


def _details(error: ConnectError) -> list[Any]:
    return [
        Any(type_url=f"type.googleapis.com/{detail.type_name}", value=bytes(detail.message_bytes))
        for detail in error.details
    ]
