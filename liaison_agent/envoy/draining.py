"""The graceful end of Envoy's traffic: ask clients to close, stop accepting, wait for what is under way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from liaison_agent.envoy.admin import AdminClient

_ACCEPTS_AT_MOST = 1.0
_POLL = 0.05


async def drain_requests(
    admin: AdminClient, within: float, *, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
) -> bool:
    """Drain for at most `within` seconds; True when no request was left. Raises `AdminUnavailable`.

    First answers carry `connection: close` while new connections are still accepted, so that clients leave by
    themselves; then the listeners close."""
    began = clock()

    async def idle_before(deadline: float) -> bool:
        while await admin.active_requests() > 0:
            if clock() >= deadline:
                return False
            await sleep(_POLL)
        return True

    await admin.drain_listeners(graceful=True)
    await idle_before(began + min(within / 4, _ACCEPTS_AT_MOST))
    await admin.drain_listeners(graceful=False)
    return await idle_before(began + within)
