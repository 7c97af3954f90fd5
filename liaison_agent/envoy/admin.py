"""A client of Envoy's admin interface over its Unix socket; every call may find Envoy gone."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from liaison_agent.envoy.unix_http import NotHttp, call

_ANSWERS_WITHIN = 10.0
_NOT_IN_DUMP = 404


class AdminUnavailable(Exception):
    """Nobody answers on the admin socket, or not in a way that can be used."""


class AdminClient:
    """One short connection a call: a kept one would have to be noticed stale after each restart of Envoy."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def server_info(self) -> dict[str, Any]:
        """What Envoy says of itself: version, state, node, command line options."""
        return await self._json("/server_info")

    async def config_dump(self, resource: str, names: Sequence[str]) -> list[dict[str, Any]]:
        """The entries of one field of the dump whose names are among these; never the whole dump."""
        pattern = f"^({'|'.join(_escape(name) for name in names)})$"
        path = f"/config_dump?resource={resource}&name_regex={quote(pattern, safe='')}"
        status, body = await self._call("GET", path)
        if status == _NOT_IN_DUMP:  # nothing of that kind has ever been there
            return []
        found: list[dict[str, Any]] = _parsed(status, body).get("configs", [])
        return found

    async def active_requests(self) -> int:
        """Requests that clients wait for, over all listeners but the admin's own."""
        found = await self._json("/stats?format=json&filter=" + quote(r"^http\..*\.downstream_rq_active$", safe=""))
        return sum(
            int(stat.get("value", 0))
            for stat in found.get("stats", [])
            if "name" in stat and stat["name"] != "http.admin.downstream_rq_active"
        )

    async def drain_listeners(self, *, graceful: bool) -> None:
        """Graceful: ask clients to close, still accepting. Else: stop accepting at once, let open connections be."""
        await self._call("POST", "/drain_listeners?graceful&skip_exit" if graceful else "/drain_listeners")

    async def reopen_logs(self) -> None:
        """Have every access log written to the file that has its name now."""
        status, _ = await self._call("POST", "/reopen_logs")
        if status != 200:
            raise AdminUnavailable(f"Envoy's admin interface answered {status}")

    def listening_pid(self) -> int | None:
        """The process that listens on the admin socket, from the kernel; None when nobody does."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self._path))
                credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            except OSError:
                return None
        pid: int = struct.unpack("3i", credentials)[0]
        return pid or None

    async def _json(self, path: str) -> dict[str, Any]:
        return _parsed(*await self._call("GET", path))

    async def _call(self, method: str, path: str) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN):
                return await call(self._path, method, path)
        except (OSError, TimeoutError, NotHttp) as error:
            raise AdminUnavailable(f"Envoy's admin socket does not answer: {type(error).__name__}") from None


def _parsed(status: int, body: bytes) -> dict[str, Any]:
    if status != 200:
        raise AdminUnavailable(f"Envoy's admin interface answered {status}")
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        raise AdminUnavailable("Envoy's admin interface answered no JSON") from None
    return value if isinstance(value, dict) else {}


def _escape(name: str) -> str:
    """Escape for RE2: like `re.escape`, only that RE2 knows no escaped space and no escaped letters."""
    return "".join(char if char.isalnum() or char in "_ /-:@%" or not char.isascii() else f"\\{char}" for char in name)
