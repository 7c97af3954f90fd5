"""Posts a form to a token endpoint: only where requests may go, never along a redirect, and never for long."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Final

import aiohttp
import yarl
from aiohttp.abc import AbstractResolver, ResolveResult

from contract.egress import EgressPolicy
from liaison_agent.minting.access_tokens import MintError

_TIMEOUT: Final = aiohttp.ClientTimeout(total=10, connect=5)
_LONGEST_ANSWER: Final = 64 * 1024


class _Forbidden(OSError):
    """The name leads only to where requests may not go."""


class TokenEndpoints:
    """`lookup` gives the addresses of a name or raises OSError. Each call is a connection of its own, to an address
    that was checked for it. `trust_store`: a file of certificate authorities in PEM."""

    def __init__(
        self, lookup: Callable[[str], Awaitable[Sequence[str]]], policy: EgressPolicy, trust_store: str
    ) -> None:
        self._resolver = _CheckedResolver(lookup, policy)
        self._policy = policy
        self._trust_store = trust_store
        self._tls: ssl.SSLContext | None = None

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body, whatever they are. Raises MintError."""
        target = yarl.URL(url, encoded=True)
        host = target.host or ""
        if problem := self._policy.host_problem(host):
            raise MintError(f"{host} {problem}", refused=True)
        try:
            connector = aiohttp.TCPConnector(
                resolver=self._resolver, use_dns_cache=False, force_close=True, ssl=self._context(target)
            )
            async with (
                aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, trust_env=False) as session,
                session.post(target, data=form, headers=headers, allow_redirects=False) as response,
            ):
                return response.status, await _bounded(response.content)
        except aiohttp.ClientConnectorError as error:
            raise MintError(f"{host} {_why(error)}") from None
        except TimeoutError:
            raise MintError(f"{host} did not answer in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise MintError(f"{host} cannot be asked ({type(error).__name__})") from None

    def _context(self, target: yarl.URL) -> ssl.SSLContext | bool:
        if target.scheme != "https":
            return True
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=self._trust_store)
        return self._tls


class _CheckedResolver(AbstractResolver):
    """Names resolve to what may be connected to, each time anew. Literal addresses never come here."""

    def __init__(self, lookup: Callable[[str], Awaitable[Sequence[str]]], policy: EgressPolicy) -> None:
        self._lookup = lookup
        self._policy = policy

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        allowed = self._policy.allowed_of(await self._lookup(host))
        if not allowed:
            raise _Forbidden("resolves only to addresses that requests may not go to")
        return [_result(host, address, port) for address in allowed]

    async def close(self) -> None:
        """There is nothing to let go of."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    """As much of it as an answer may be long; a longer one is cut, and then is no JSON."""
    body = bytearray()
    async for piece in content.iter_any():
        body += piece
        if len(body) > _LONGEST_ANSWER:
            break
    return bytes(body[:_LONGEST_ANSWER])


def _why(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error.os_error, _Forbidden):
        return str(error.os_error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return "has no certificate that is trusted here"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "does not resolve"
    return "cannot be connected to"
