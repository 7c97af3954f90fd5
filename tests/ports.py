"""TCP ports for what a test starts: nobody else is given them for as long as this test process lives.

A port that the system chose and took back may be anybody's when it is used: another test's server, or one end of a
connection (who asks a dead port of the system's range again and again even ends up talking to itself). These are
outside the range that the system chooses from, and a UDP socket of the same number keeps other test processes off.
"""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from random import SystemRandom

HOST = "127.0.0.1"
LOWEST, HIGHEST = 13_000, 65_535
"""Above the ports that the product takes by itself, so that an offset leads to them."""

_SYSTEMS_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_TRIES = 10_000

_random = SystemRandom()  # Hypothesis seeds the other one, in every test process alike
_reserved: list[contextlib.ExitStack] = []


def free_ports(count: int) -> list[int]:
    """That many, all different, on 127.0.0.1. Raises OSError when there are none left."""
    return [_reserve() for _ in range(count)]


def free_port(*beside: int) -> int:
    """One of them; `beside` are distances to others that are kept as well, for what takes them unasked."""
    return _reserve(*beside)


def _reserve(*beside: int) -> int:
    choice = _beyond(*_systems_range())
    for _ in range(_TRIES):
        port = _random.choice(choice)
        with contextlib.suppress(OSError, OverflowError), contextlib.ExitStack() as held:
            for number in (port, *(port + distance for distance in beside)):
                reservation = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                reservation.bind((HOST, number))
                with socket.socket() as probe:
                    probe.bind((HOST, number))
            _reserved.append(held.pop_all())
            return port
    raise OSError(f"no free TCP port was found in {_TRIES} tries")


def _systems_range() -> tuple[int, int]:
    """The lowest and the highest port that the system gives away by itself."""
    try:
        low, high = _SYSTEMS_RANGE.read_text().split()
    except OSError:
        return 32_768, HIGHEST
    return int(low), int(high)


def _beyond(low: int, high: int) -> range:
    """Below its range, or above, or all when there is too little of both."""
    below, above = range(LOWEST, low), range(max(high + 1, LOWEST), HIGHEST + 1)
    larger = max(below, above, key=len)
    return larger if len(larger) >= 1000 else range(LOWEST, HIGHEST + 1)
