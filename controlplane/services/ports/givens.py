"""What is given to the use cases and never taken by them: ids, the clock, randomness."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Ids(Protocol):
    """New ids."""

    def new(self, prefix: str) -> str:
        """`<prefix>_<ulid>`; ids made later sort later."""


class Clock(Protocol):
    """The host's clock: for display and expiry of keys; leases use the store's."""

    def now(self) -> datetime:
        """Aware UTC."""


class Random(Protocol):
    """Cryptographic randomness."""

    def bytes(self, count: int) -> bytes: ...
