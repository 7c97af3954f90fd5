"""Addresses of databases: one host or several, as PostgreSQL's own tools take them, and what the driver is given."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.store.postgres_connecting import SESSION, SNAPSHOT, connect_args
from controlplane.store.urls import BadStoreUrl, store_url


def _driver_gets(address: str, session: dict[str, Any] | None = None) -> dict[str, Any]:
    url = store_url(address)
    return {**url.get_dialect()().create_connect_args(url)[1], **connect_args(url, session or {})}


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("postgresql://u@one/d", "one", None),
        ("postgresql://u@one:6000/d", "one", 6000),
        ("postgresql://u:p%40@one,other/d", "one,other", ","),
        ("postgresql://u:p,w@one:6000,other:6001/d?target_session_attrs=read-write", "one,other", "6000,6001"),
        ("postgres://one:6000,other/d", "one,other", "6000,"),
        ("postgresql://u@[::1]:6000,[fe80::2]:6001/d", "::1,fe80::2", "6000,6001"),
        ("postgresql://u@/d?host=/run/one&host=/run/other", "/run/one,/run/other", ","),
        ("postgresql://u@/d?host=one:6000&host=other:6001", "one,other", "6000,6001"),
    ],
)
def test_every_host_reaches_the_driver(address: str, host: str, port: object) -> None:
    gets = _driver_gets(address)

    assert gets["host"] == host
    assert gets.get("port") == port
    assert gets["dbname"] == "d"


@pytest.mark.parametrize("address", ["postgresql://u:pass-word@h:x/d", "postgresql://u:pass-word@a:1,b:x/d"])
def test_a_port_that_is_no_number_is_refused_without_repeating_the_address(address: str) -> None:
    with pytest.raises(BadStoreUrl, match="postgresql://user@host/database") as caught:
        store_url(address)

    assert "pass-word" not in str(caught.value)


def test_what_the_address_says_itself_counts() -> None:
    gets = _driver_gets(
        "postgresql://u@h/d?connect_timeout=9&application_name=mine&options=-c%20lock_timeout%3D7", SESSION
    )

    assert gets["connect_timeout"] == "9"
    assert gets["application_name"] == "mine"
    assert gets["options"].endswith("-c lock_timeout=7")
    assert f"statement_timeout={SESSION['statement_timeout']}" in gets["options"]


def test_behind_a_host_that_does_not_answer_there_is_time_for_the_next() -> None:
    assert (
        _driver_gets("postgresql://one,other/d")["connect_timeout"]
        < _driver_gets("postgresql://one/d")["connect_timeout"]
    )


def test_readers_whose_sessions_are_read_only_still_find_the_server_that_writes() -> None:
    address = "postgresql://one,other/d?target_session_attrs=read-write"

    assert _driver_gets(address, SESSION)["target_session_attrs"] == "read-write"
    assert _driver_gets(address, SESSION | SNAPSHOT)["target_session_attrs"] == "primary"


@pytest.mark.parametrize("session", [SESSION, SESSION | SNAPSHOT], ids=["writers", "readers"])
def test_no_session_waits_without_bound(session: dict[str, Any]) -> None:
    options = _driver_gets("postgresql://u@h/d", session)["options"]
    limits = dict(each.split("=") for each in options.replace("\\ ", "_").split() if "=" in each)

    assert 0 < int(limits["lock_timeout"]) < int(limits["statement_timeout"]) <= 10_000
    assert 0 < int(limits["idle_in_transaction_session_timeout"]) <= 60_000
