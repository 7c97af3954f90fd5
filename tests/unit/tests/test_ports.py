"""The ports that tests start servers on are theirs alone."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from tests import ports


def test_ports_are_free_and_all_different() -> None:
    found = ports.free_ports(20)

    assert len(set(found)) == 20
    for port in found:
        with socket.create_server((ports.HOST, port)):
            pass


def test_a_port_is_given_to_one_test_process_only() -> None:
    mine = ports.free_port()
    ask = "import sys; from tests import ports; ports._beyond = lambda *_: [int(sys.argv[1])]; print(ports.free_port())"

    other = subprocess.run([sys.executable, "-c", ask, str(mine)], capture_output=True, text=True, check=False)

    assert "no free TCP port" in other.stderr


def test_ports_beside_one_are_kept_with_it() -> None:
    port = ports.free_port(9)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as another, pytest.raises(OSError, match="in use"):
        another.bind((ports.HOST, port + 9))


def test_a_port_where_somebody_listens_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    port, other = ports.free_ports(2)
    with socket.create_server((ports.HOST, port)):
        for reservation in ports._reserved[-2:]:
            reservation.close()
        chosen = iter([port, other])
        monkeypatch.setattr(ports._random, "choice", lambda _: next(chosen))

        assert ports.free_port() == other


@pytest.mark.parametrize(
    ("low", "high", "outside"),
    [(32768, 60999, range(13000, 32768)), (1024, 49151, range(49152, 65536)), (1024, 65535, range(13000, 65536))],
)
def test_ports_are_none_that_the_system_gives_away_by_itself_where_there_are_others(
    low: int, high: int, outside: range
) -> None:
    assert ports._beyond(low, high) == outside
