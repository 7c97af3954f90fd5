"""What the demo provider remembers of the requests it got, for echo and `GET /admin/requests`; no whole credential."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

CREDENTIAL_HEADERS: Final = frozenset({"authorization", "api-key", "x-api-key", "x-goog-api-key", "cookie"})
_KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Received:
    """One request: headers in order as (name, value), credentials cut to their last four characters."""

    provider: str
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: str
    credential_last_four: str | None

    def shown(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


class Journal:
    """The newest requests, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Received] = deque(maxlen=_KEPT)

    def add(self, entry: Received) -> None:
        """Keep it; the oldest goes when there are too many."""
        self._entries.append(entry)

    def entries(self) -> list[Received]:
        """All that is kept."""
        return list(self._entries)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()


def receive(provider: str, method: str, path: str, headers: Iterable[tuple[str, str]], body: bytes) -> Received:
    """Make the record of a request."""
    pairs = [(name.lower(), value) for name, value in headers]
    credential = next((value for name, value in pairs if name in CREDENTIAL_HEADERS), None)
    shown = [(name, f"…{value[-4:]}" if name in CREDENTIAL_HEADERS else value) for name, value in pairs]
    return Received(
        provider=provider,
        method=method,
        path=path,
        headers=shown,
        body=body.decode("utf-8", errors="replace"),
        credential_last_four=credential[-4:] if credential else None,
    )
