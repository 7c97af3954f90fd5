"""Real clients of both ports behind one call: grpc.aio stubs, generated Connect clients, and JSON by hand over HTTP."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import Callable
from typing import Any as Anything
from typing import Protocol, TypeVar

import aiohttp
import grpc
from connectrpc.errors import ConnectError
from connectrpc.protocol import ProtocolType
from google.protobuf import json_format
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import status_pb2
from pyqwest import Client, HTTPTransport, HTTPVersion

from tests.contract.wires.procedures import Procedure, procedure_of
from tests.contract.wires.refusals import Refused

M = TypeVar("M", bound=Message)
DETAILS = "grpc-status-details-bin"
TYPE_URL = "type.googleapis.com/"
WITHIN = 100.0


class Wire(Protocol):
    """One way to call."""

    async def call(self, procedure: Procedure, request: Message, bearer: str) -> Anything:
        """The answer. Raises Refused."""

    async def close(self) -> None: ...


class GrpcWire:
    """The generated stubs over one channel. `target` is host:port."""

    def __init__(self, target: str) -> None:
        self._channel = grpc.aio.insecure_channel(target, options=[("grpc.max_receive_message_length", 64 << 20)])

    async def call(self, procedure: Procedure, request: Message, bearer: str) -> Anything:
        stub = getattr(procedure.generated("pb2_grpc"), f"{procedure.service_name}Stub")(self._channel)
        metadata = (("authorization", f"Bearer {bearer}"),) if bearer else ()
        call = getattr(stub, procedure.name)(request, metadata=metadata, timeout=WITHIN)
        try:
            return [each async for each in call] if procedure.streams else await call
        except grpc.aio.AioRpcError as error:
            raise Refused(error.code().name, error.details() or "", _grpc_details(error)) from None

    async def close(self) -> None:
        await self._channel.close()


class ConnectWire:
    """The generated Connect clients, binary; `protocol` may be gRPC-Web as well."""

    def __init__(self, url: str, protocol: ProtocolType = ProtocolType.CONNECT) -> None:
        self._url = url
        self._transport = HTTPTransport(http_version=HTTPVersion.HTTP1)
        self._options: dict[str, Anything] = {
            "http_client": Client(self._transport),
            "protocol": protocol,
            "send_compression": None,
            "accept_compression": [],
        }

    async def call(self, procedure: Procedure, request: Message, bearer: str) -> Anything:
        client = getattr(procedure.generated("connect"), f"{procedure.service_name}Client")(self._url, **self._options)
        method = next(getattr(client, name) for name in dir(client) if name.replace("_", "") == procedure.name.lower())
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        try:
            call = method(request, headers=headers, timeout_ms=int(WITHIN * 1000))
            return [each async for each in call] if procedure.streams else await call
        except ConnectError as error:
            if isinstance(error.__cause__, asyncio.CancelledError):
                raise error.__cause__ from None
            details = [
                Any(type_url=TYPE_URL + each.type_name, value=bytes(each.message_bytes)) for each in error.details
            ]
            raise Refused(_grpc_name(error.code.name), error.message, details) from None

    async def close(self) -> None:
        await self._transport.aclose()


class JsonWire:
    """Connect's JSON, as curl would send it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WITHIN))

    async def call(self, procedure: Procedure, request: Message, bearer: str) -> Anything:
        body = json_format.MessageToJson(request)
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {bearer}"} if bearer else {})
        if procedure.streams:
            return await self._stream(procedure, body.encode(), headers | {"content-type": "application/connect+json"})
        async with self._session.post(
            f"{self._url}{procedure.path}", data=io.BytesIO(body.encode()), headers=headers
        ) as response:
            text = await response.text()
        if response.status != 200:
            raise connect_json_refusal(text)
        return json_format.Parse(text, procedure.response())

    async def _stream(self, procedure: Procedure, body: bytes, headers: dict[str, str]) -> Anything:
        """Each message in an envelope of a flag and four bytes of length; the last one, flagged, says how it ended."""
        data = b"\0" + len(body).to_bytes(4, "big") + body
        messages = []
        async with self._session.post(f"{self._url}{procedure.path}", data=data, headers=headers) as response:
            while True:
                head = await response.content.readexactly(5)
                text = (await response.content.readexactly(int.from_bytes(head[1:], "big"))).decode()
                if head[0] & 2:
                    break
                messages.append(json_format.Parse(text, procedure.response()))
        error = json.loads(text).get("error")
        if error:
            raise connect_json_refusal(json.dumps(error))
        return messages

    async def close(self) -> None:
        await self._session.close()


class Api:
    """Calls over one wire; the request says which RPC."""

    def __init__(self, name: str, wire: Wire) -> None:
        self.name = name
        self._wire = wire

    async def __call__(self, request: Message, bearer: str = "") -> Anything:
        """The answer. Raises Refused."""
        return await self._wire.call(procedure_of(type(request)), request, bearer)

    async def close(self) -> None:
        """Give back the connection."""
        await self._wire.close()


def open_api(name: str, grpc_target: str, url: str) -> Api:
    """`grpc`, `connect`, `json` or `grpc-web`."""
    wires: dict[str, Callable[[], Wire]] = {
        "grpc": lambda: GrpcWire(grpc_target),
        "connect": lambda: ConnectWire(url),
        "json": lambda: JsonWire(url),
        "grpc-web": lambda: ConnectWire(url, ProtocolType.GRPC_WEB),
    }
    return Api(name, wires[name]())


def connect_json_refusal(text: str) -> Refused:
    """The refusal that a Connect error in JSON says."""
    body = json.loads(text)
    details = [
        Any(type_url=TYPE_URL + each["type"], value=base64.b64decode(each["value"] + "=" * (-len(each["value"]) % 4)))
        for each in body.get("details", ())
    ]
    return Refused(_grpc_name(body["code"]), body.get("message", ""), details)


def _grpc_details(error: grpc.aio.AioRpcError) -> list[Any]:
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS and isinstance(value, bytes):
            return list(status_pb2.Status.FromString(value).details)
    return []


def _grpc_name(code: str) -> str:
    return {"CANCELED": "CANCELLED"}.get(code.upper(), code.upper())
