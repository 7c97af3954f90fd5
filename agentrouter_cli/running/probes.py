"""Is it up yet? Cheap questions over HTTP that a starting run asks again and again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

_ASK_EVERY: Final = 0.02
_PATIENCE: Final = 2.0


async def status_of(url: str, bearer: str = "") -> int:
    """The HTTP status of a GET; 0 when nobody answers. `url` is plain HTTP with a port."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    lines = [f"GET {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
    lines += [f"Authorization: Bearer {bearer}"] if bearer else []
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write("\r\n".join((*lines, "", "")).encode("ascii"))
                return _status(await reader.readline())
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (TimeoutError, OSError, ValueError):
        return 0


async def answers(url: str) -> bool:
    """Whether a GET is answered 200 now."""
    return await status_of(url) == 200


async def comes_up(url: str, bearer: str, within: timedelta, clock: Callable[[], float]) -> bool:
    """Whether a GET is answered 200 in time."""
    deadline = clock() + within.total_seconds()
    while await status_of(url, bearer) != 200:
        if clock() > deadline:
            return False
        await asyncio.sleep(_ASK_EVERY)
    return True


def _status(line: bytes) -> int:
    """Of `HTTP/1.1 200 OK`."""
    words = line.split()
    return int(words[1]) if len(words) > 1 and words[0].startswith(b"HTTP/") else 0
