"""How processes of a measurement are described and their CPU time read."""

from __future__ import annotations

import sys

from benchmarks.plane import refused_calls
from benchmarks.processes import cpu_ticks, free_ports, pinned, python_module, shown


def test_cpu_time_is_read_behind_a_name_with_blanks_and_brackets() -> None:
    stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 900 0 0 0 123 45 7 8 20 0 3 0 1000 10000000 500"

    assert cpu_ticks(stat) == 168


def test_a_command_is_shown_as_typed_without_its_secret() -> None:
    command = pinned(1, ["h2load", "-H", "authorization: Bearer s3cret"])

    assert shown(command, {"s3cret": "$TOKEN"}) == "taskset -c 1 h2load -H 'authorization: Bearer $TOKEN'"


def test_a_module_is_shown_without_where_python_lies() -> None:
    assert sys.executable not in shown(python_module("controlplane", "serve"))


def test_free_ports_differ() -> None:
    assert len(set(free_ports(20))) == 20


def test_only_calls_that_did_not_end_well_are_counted_as_refused() -> None:
    page = (
        'agentrouter_calls_total{code="OK",method="/s/Get",wire="grpc"} 12.0\n'
        'agentrouter_calls_total{code="UNAUTHENTICATED",method="/s/Get",wire="grpc"} 3.0\n'
        'agentrouter_calls_total{code="UNAUTHENTICATED",method="/s/Get",wire="connect"} 1.0\n'
        'agentrouter_calls_total{code="CANCELLED",method="/s/Get",wire="connect"} 32.0\n'
        'agentrouter_calls_created{code="NOT_FOUND",method="/s/Get",wire="grpc"} 1.7e+09\n'
    )

    assert refused_calls(page) == {"/s/Get UNAUTHENTICATED": 4}
