"""Which request headers a document may set on the way to a provider, and which belong to others."""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_VALUE: Final = re.compile(r"[\x20-\x7e]{0,4096}")
_CREDENTIAL: Final = re.compile(
    r"(?:^|[-_.])(?:authorization|authentication|api[-_]?keys?|cookie|credentials?|passw(?:or)?d|secret|token)(?:$|[-_.])"
)

# RFC 9110, 7.6.1, what frames a message, and what Envoy itself writes.
_RESERVED: Final = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


class HeaderError(ValueError):
    """The header may not be set. The message never repeats a value."""


def require_header_name(name: str) -> None:
    """Raises HeaderError unless a document may set this header."""
    if name.startswith(":"):
        raise HeaderError("should not be a pseudo header; take it out")
    if not _TOKEN.fullmatch(name):
        raise HeaderError("should be a header name; use letters, digits and dashes")
    if name.lower() in _RESERVED:
        raise HeaderError("is a header that the transport sets itself; take it out")


def require_header_value(value: str) -> None:
    """Raises HeaderError for what could end the header or start another."""
    if not _VALUE.fullmatch(value):
        raise HeaderError("should be one line of at most 4096 signs; use printable ASCII alone")
    if value != value.strip():
        raise HeaderError("should have no surrounding whitespace; take the spaces away")


def looks_like_a_credential(name: str) -> bool:
    """Whether a header of this name usually carries a secret, which belongs into `api_key`."""
    return bool(_CREDENTIAL.search(name.lower()))
