"""The one spelling of where a credential may be sent; a secret is bound to it on both sides of the wire."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")  # the second is IPv6, as urlsplit gives it, without brackets


class OriginError(ValueError):
    """The URL names no origin. The text names the problem; it never repeats the URL, which may hold a password."""


def origin_of(base_url: str) -> str:
    """`https://API.example.com/v1` → `https://api.example.com:443`; the port is always written. Raises OriginError.

    The scheme is part of it: a credential given for https must not leave in clear text over http.
    """
    if not base_url.isprintable() or " " in base_url:  # urlsplit drops some of these without a word
        raise OriginError("the base URL must not hold spaces or control characters")
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise OriginError("the base URL has a malformed host or port; write scheme://host[:port][/path]") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise OriginError("the base URL must start with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise OriginError("the base URL must not hold a user name or password; give the credential separately")
    if not host or not _HOST.fullmatch(host):
        raise OriginError("the base URL names no plain ASCII host (write an international name in its xn-- form)")
    if port == 0:
        raise OriginError("the base URL's port must be 1-65535")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}:{port or _DEFAULT_PORTS[parts.scheme]}"
