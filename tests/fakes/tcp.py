"""A TCP server of a test's own, in its event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable


@contextlib.asynccontextmanager
async def serving_tcp(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """Its port on loopback. What is connected when the block ends is cut off, and every connection closed."""
    connected: set[asyncio.Task[None]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connected.add(task)
        try:
            await handle(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # the other side hung up, or the test is over
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            connected.discard(task)

    async with await asyncio.start_server(served, "127.0.0.1", 0) as server:
        yield int(server.sockets[0].getsockname()[1])
        server.close()
        for task in list(connected):
            task.cancel()
        await asyncio.gather(*connected, return_exceptions=True)
