"""Where a backend listens: `base_url` and `endpoint` read by one strict grammar, so that every reader sees one host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_ADDRESS: Final = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?(?P<rest>[?#].*)?", re.DOTALL
)
_AUTHORITY: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:]*))(?P<port>:[0-9]*)?")
_HOST_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    r"(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*"
)
_PATH: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_QUERY: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_IPV4_LOOKALIKE: Final = re.compile(r"[0-9.]+")


class AddressError(ValueError):
    """The text is no address of a backend. The message names the problem and never repeats the text."""


@dataclass(frozen=True, slots=True)
class Address:
    """`host` is lower case, without brackets; `path` is empty or starts with a slash and ends without one."""

    scheme: str
    host: str
    port: int
    path: str


def parse_base_url(text: str) -> Address:
    """A full URL, `http` or `https`. Raises AddressError."""
    address = parse_endpoint(text, None)
    if "://" not in text:
        raise AddressError("should be a URL; begin with https:// or http://")
    return address


def parse_endpoint(text: str, protocol: str | None) -> Address:
    """`host[:port][/path]`, spoken to by `protocol` (http when none); a scheme in the text wins over it. Raises
    AddressError.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or not match["authority"]:
        raise AddressError("names no host; write host:port or host:port/path")
    scheme = (match["scheme"] or protocol or "http").lower()
    if scheme not in DEFAULT_PORTS:
        raise AddressError("should be reached by http or https; begin with one of them, or leave the scheme out")
    if match["rest"]:
        raise AddressError("should have no query and no fragment; end it before ? and #")
    path = match["path"] or ""
    require_plain_path(path)
    host, port = _host_and_port(match["authority"])
    return Address(scheme, host, port or DEFAULT_PORTS[scheme], path.rstrip("/"))


def scheme_of(text: str) -> str | None:
    """The scheme that an endpoint spells out, in lower case; None when it spells none."""
    scheme, separator, _ = text.partition("://")
    return scheme.lower() if separator else None


def require_plain_path(path: str) -> None:
    """Raises AddressError for signs and segments that proxies read differently."""
    if not _PATH.fullmatch(path):
        raise AddressError("has a path with signs that a URL does not allow; write them as %XX")
    if any(segment in (".", "..") for segment in path.lower().replace("%2e", ".").split("/")):
        raise AddressError("has a path with . or .. in it; write the path it leads to")


def require_request_path(text: str) -> None:
    """A path with an optional query, as `chat_path` holds it. Raises AddressError."""
    path, _, query = text.partition("?")
    if not path.startswith("/"):
        raise AddressError("should start with a slash; write /path")
    if not _QUERY.fullmatch(query):
        raise AddressError("has a query with signs that a URL does not allow; write them as %XX")
    require_plain_path(path)


def _host_and_port(authority: str) -> tuple[str, int | None]:
    if "@" in authority:
        raise AddressError("should not hold a user name or password; give the credential as api_key")
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise AddressError(
            "has a malformed host or port; write host:port, an IPv6 address in brackets, as in [::1]:8000"
        )
    host = _ipv6(match["v6"]) if match["v6"] else _host_name(match["name"])
    return host, None if match["port"] is None else _port(match["port"][1:])


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError:
        raise AddressError("has a malformed IPv6 address; write it as in [2001:db8::1]") from None


def _host_name(text: str) -> str:
    if _IPV4_LOOKALIKE.fullmatch(text):
        try:
            return str(IPv4Address(text))
        except ValueError:
            raise AddressError("has a malformed IPv4 address; write four numbers up to 255, as in 192.0.2.1") from None
    if not _HOST_NAME.fullmatch(text):
        raise AddressError(
            "names no valid host; write letters, digits, dots and dashes, an international name in its xn-- form"
        )
    return text.lower()


def _port(text: str) -> int:
    if not 1 <= len(text) <= 5 or not 1 <= int(text) <= 65535:
        raise AddressError("has a port out of range; write one between 1 and 65535")
    return int(text)
