"""What host names resolve to: looked up here and checked at every look, so that Envoy resolves nothing itself.

A name may answer differently each time it is asked (rebinding). So no address is used that was not checked when it was
told, and what connects uses these addresses alone. What cannot be looked up keeps the addresses of before.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType

from contract.egress import EgressPolicy
from liaison_agent.private_files import write_private_file

KEPT = 120.0  # a name that answers with a part of its addresses each time does not change the gateway each time
_PATIENCE = 3.0
_MOST = 32

Lookup = Callable[[str], Awaitable[Sequence[str]]]

_log = logging.getLogger(__name__)


class AddressFile:
    """What names resolved to, on disk. Nothing in it is trusted: it is checked again, and lost without harm."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Mapping[str, Sequence[str]]:
        """Empty when there is none, or none that can be read."""
        try:
            kept = json.loads(self._path.read_bytes())
            return {str(host): [str(ip_address(one)) for one in found] for host, found in kept.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def write(self, known: Mapping[str, Sequence[str]]) -> None:
        """As far as the disk allows."""
        with contextlib.suppress(OSError):
            write_private_file(self._path, json.dumps(dict(known)).encode())


class AddressBook:
    """`lookup` gives the addresses of a name or raises OSError; `clock` is monotonic seconds. `kept` holds what was
    known in the life before, for names that do not resolve in this one. Implements `Names`.
    """

    def __init__(
        self, lookup: Lookup, policy: EgressPolicy, clock: Callable[[], float], kept: AddressFile | None = None
    ) -> None:
        self._lookup = lookup
        self._kept = kept
        self._before: Mapping[str, Sequence[str]] = kept.read() if kept else {}
        self._policy = policy
        self._clock = clock
        self._seen: dict[str, dict[str, float]] = {}
        self._silent: set[str] = set()
        self.known: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    async def learn(self, hosts: Collection[str]) -> bool:
        """See `Names.learn`."""
        return await self._look([host for host in hosts if host not in self._seen])

    async def refresh(self, hosts: Collection[str]) -> bool:
        """See `Names.refresh`."""
        return await self._look(list(hosts))

    async def _look(self, hosts: Sequence[str]) -> bool:
        before = self.known
        await asyncio.gather(*(self._look_at(host) for host in hosts))
        found = {host: _chosen(seen) for host, seen in self._seen.items() if seen}
        if found != before:
            self.known = MappingProxyType(found)
            if self._kept is not None:
                self._kept.write(found)
        return found != before

    async def _look_at(self, host: str) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                answered = await self._lookup(host)
        except (OSError, TimeoutError):
            answered = ()
        allowed = self._policy.allowed_of(answered)
        self._tell(host, answered, allowed)
        now, seen = self._clock(), self._seen.setdefault(host, {})
        if not allowed and not seen:
            allowed = self._policy.allowed_of(self._before.get(host, ()))
        if allowed:
            seen.update(dict.fromkeys(allowed[:_MOST], now))
            self._seen[host] = {address: at for address, at in seen.items() if now - at < KEPT}

    def _tell(self, host: str, answered: Sequence[str], allowed: Sequence[str]) -> None:
        """Once, when a name begins to fail."""
        if allowed:
            self._silent.discard(host)
        elif host not in self._silent:
            self._silent.add(host)
            why = "resolves only to addresses that requests may not go to" if answered else "does not resolve"
            _log.warning("%s %s; what it resolved to before stays", host, why)


async def look_up(host: str) -> Sequence[str]:
    """The system's resolver. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def _chosen(seen: Mapping[str, float]) -> tuple[str, ...]:
    """IPv4 where there is any, in an order of their own, so that the same addresses are the same gateway."""
    addresses = sorted((ip_address(one) for one in seen if "%" not in one), key=lambda one: (one.version, int(one)))
    return tuple(str(one) for one in addresses if one.version == addresses[0].version)
