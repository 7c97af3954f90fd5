"""Which ports a run takes, and what it says when one is taken."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from agentrouter_cli.errors import WrongUsage
from agentrouter_cli.running.ports import Ports, choose_ports, free_port, is_free, require_free
from tests.unit.agentrouter_cli.conftest import Call


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held.getsockname()[1]


def test_an_offset_shifts_every_port_that_is_not_given() -> None:
    ports = choose_ports(None, 9000, None, 100)

    assert (ports.grpc, ports.http, ports.gateway_for(12582)) == (12680, 9000, 12682)


def test_a_given_gateway_port_holds_wherever_the_document_puts_its_listener() -> None:
    ports = choose_ports(None, None, 20000, 0)

    assert (ports.gateway_for(12582), ports.gateway_for(15000)) == (20000, 20000)


def test_a_gateway_below_the_documents_listener_is_refused_with_the_way_out() -> None:
    with pytest.raises(WrongUsage, match="12582 or more"):
        Ports(1, 2, 9000, 0).gateway_for(12582)


def test_a_gateway_wanted_below_the_usual_port_moves_the_first_documents_listener() -> None:
    assert choose_ports(None, None, 9000, 0).first_listener_port == 9000
    assert choose_ports(None, None, 20000, 0).first_listener_port == 12582


def test_ports_must_differ() -> None:
    with pytest.raises(WrongUsage, match="differ"):
        choose_ports(7000, 7000, None, 0)


@pytest.mark.parametrize("offset", [52_954, 60_000])
def test_a_port_beyond_the_last_one_is_refused(offset: int) -> None:
    with pytest.raises(WrongUsage, match=r"65535|smaller"):
        choose_ports(None, None, None, offset)


def test_a_port_in_use_is_named_with_its_option_and_a_way_out(taken: int, free_port: int) -> None:
    with pytest.raises(WrongUsage) as refused:
        require_free([("--grpc-port", free_port), ("--http-port", taken)])

    assert f"{taken} (--http-port)" in refused.value.message
    assert "--port-offset" in refused.value.message
    assert str(free_port) not in refused.value.message


def test_another_port_is_found_when_the_preferred_one_is_taken(taken: int) -> None:
    found = free_port(taken)

    assert found != taken
    assert is_free(found)


def test_the_preferred_port_is_taken_when_it_is_free(free_ports: object) -> None:
    preferred = free_ports(1)[0]  # type: ignore[operator]

    assert free_port(preferred) == preferred


def test_run_says_which_port_is_taken_before_it_starts_anything(
    call: Call, taken: int, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = call("run", "--http-port", str(taken), "--grpc-port", "1024", "--home", f"{tmp_path}/run-home")

    assert outcome.exit_code == 2
    assert f"{taken} (--http-port)" in outcome.err
    assert "starting" not in outcome.out
