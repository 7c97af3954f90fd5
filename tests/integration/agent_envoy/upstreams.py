"""An upstream whose answer a test may hold back."""

from __future__ import annotations

import asyncio

from aiohttp import web


class Upstream:
    """Answers with a first line at once and the last one when told to."""

    def __init__(self) -> None:
        self.port = 0
        self.finish = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first\n")
        await self.finish.wait()
        await response.write(b"last\n")
        return response
