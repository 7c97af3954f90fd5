"""Whom the agent takes for its control plane: at enrolment whoever shows the CA that the join token names."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

from liaison_agent.ports import ControlPlaneUnreachable

ANSWERS_WITHIN: Final = 10.0


class NotTrusted(Exception):
    """Somebody else answers at the control plane's address, or the address is no TLS one; the message says which."""


async def fetch_ca(url: str, fingerprint: str) -> str:
    """The CA certificate (PEM) whose DER has this sha256 (64 hex), as the server at `url` shows it in its chain.

    Nothing is sent to the server, and nothing of it is believed but what the fingerprint vouches for.
    Raises ControlPlaneUnreachable, NotTrusted.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.hostname is None:
        raise NotTrusted("the join token names the control plane's CA, so its URL must begin with https://")
    chain = await asyncio.to_thread(_chain, parts.hostname, parts.port or 443)
    for certificate in chain:
        if hmac.compare_digest(hashlib.sha256(certificate).hexdigest(), fingerprint):
            return ssl.DER_cert_to_PEM_cert(certificate)
    raise NotTrusted(
        f"{url} does not show the CA that the join token names (sha256 {fingerprint[:16]}…): it is not the control "
        "plane that made the token, somebody is in between, or its chain lacks the CA"
    )


def _chain(host: str, port: int) -> list[bytes]:
    """What the server shows, DER."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the chain is only looked at; every call verifies it, name and all
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with (
            socket.create_connection((host, port), timeout=ANSWERS_WITHIN) as connection,
            context.wrap_socket(connection, server_hostname=host) as tls,
        ):
            inner: Any = getattr(tls, "_sslobj")  # noqa: B009 - it has no public way to the chain before Python 3.13
            return [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in inner.get_unverified_chain()]
    except OSError as error:
        raise ControlPlaneUnreachable(f"no TLS connection to {host}:{port}: {error.strerror or error}") from None
