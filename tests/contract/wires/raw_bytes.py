"""Raw bytes to either port, and what came of them."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import aiohttp
import grpc
from google.rpc import error_details_pb2, status_pb2

from tests.contract.wires.clients import DETAILS, connect_json_refusal
from tests.contract.wires.running import Running


async def over_grpc(running: Running, path: str, body: bytes, bearer: str = "") -> tuple[str, str]:
    """Code and reason of raw bytes sent as a gRPC message."""
    metadata = (("authorization", f"Bearer {bearer}"),) if bearer else ()
    async with grpc.aio.insecure_channel(running.grpc) as channel:
        try:
            call: Any = channel.unary_unary(path)
            await call(body, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            return error.code().name, _reason(error)
    return "OK", ""


async def over_http(
    running: Running, path: str, body: bytes, bearer: str = "", kind: str = "proto", **headers: str
) -> tuple[str, str]:
    """The same for bytes sent over Connect."""
    sent = {"content-type": f"application/{kind}", **headers}
    if bearer:
        sent["authorization"] = f"Bearer {bearer}"
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{running.url}{path}", data=io.BytesIO(body), headers=sent) as response,
    ):
        if response.status == 200:
            return "OK", ""
        refused = connect_json_refusal(await response.text())
    with contextlib.suppress(AssertionError):
        return refused.code, refused.reason
    return refused.code, ""


def _reason(error: grpc.aio.AioRpcError) -> str:
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS and isinstance(value, bytes):
            info = error_details_pb2.ErrorInfo()
            for detail in status_pb2.Status.FromString(value).details:
                if detail.Unpack(info):
                    return str(info.reason)
    return ""
