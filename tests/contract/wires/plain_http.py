"""Plain HTTP against the control plane, as curl would speak it."""

from __future__ import annotations

import io
from typing import Any

import aiohttp

from tests.contract.wires.running import Running


async def get(running: Running, path: str, **params: Any) -> tuple[int, str]:
    """A plain GET."""
    async with aiohttp.ClientSession() as session, session.get(f"{running.url}{path}", **params) as response:
        return response.status, await response.text()


async def post(running: Running, path: str, body: str | bytes, bearer: str = "", **headers: str) -> tuple[int, str]:
    """A plain POST of JSON."""
    body = body.encode() if isinstance(body, str) else body
    sent = {"content-type": "application/json", **headers}
    if bearer:
        sent["authorization"] = f"Bearer {bearer}"
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.post(f"{running.url}{path}", data=io.BytesIO(body), headers=sent) as response,
    ):
        assert "content-encoding" not in response.headers or response.headers["content-encoding"] == "identity"
        return response.status, await response.text()
