"""Is it up yet? Cheap questions over HTTP that a starting run asks again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import aiohttp

_ASK_EVERY: Final = 0.05
_TIMEOUT: Final = aiohttp.ClientTimeout(total=2)


async def status_of(url: str, bearer: str = "") -> int:
    """The HTTP status of a GET; 0 when nobody answers."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, session.get(url, headers=headers) as answer:
            return answer.status
    except (TimeoutError, aiohttp.ClientError, OSError):
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
