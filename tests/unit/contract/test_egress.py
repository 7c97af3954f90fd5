"""Where requests may go: every notation of what must not be reached."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import parse_workspace
from contract.egress import EgressPolicy, egress_faults

STRICT, LOCAL, WIDE = EgressPolicy(), EgressPolicy(allow_loopback=True), EgressPolicy(True, True)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "fd00:ec2::254",
        "fe80::1",
        "100.100.100.200",
        "0.0.0.0",  # noqa: S104 - never bound
        "0.1.2.3",
        "::",
        "224.0.0.1",
        "ff02::1",
        "240.0.0.1",
        "255.255.255.255",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "127.1",
        "1.2.3",
        "10.0.0.0x1",
    ],
)
def test_nobody_may_allow_these(host: str) -> None:
    assert WIDE.host_problem(host)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost", "LOCALHOST", "api.localhost"]
)
def test_loopback_is_allowed_by_its_setting_alone(host: str) -> None:
    assert "ALLOW_LOOPBACK_UPSTREAMS" in (STRICT.host_problem(host) or "")
    assert LOCAL.host_problem(host) is None
    assert EgressPolicy(allow_private=True).host_problem(host)


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "100.64.0.1",
        "fd12:3456::1",
        "::ffff:10.0.0.1",
        "2002:a00:1::1",
        "198.18.0.1",
    ],
)
def test_private_ranges_are_allowed_by_their_setting_alone(host: str) -> None:
    assert "ALLOW_PRIVATE_UPSTREAMS" in (STRICT.host_problem(host) or "")
    assert LOCAL.host_problem(host)
    assert WIDE.host_problem(host) is None


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "2606:4700::1111", "api.openai.com", "metadata.google.internal", "x1", "a-1.2a", "xn--e1a.com"]
)
def test_public_addresses_and_names_are_taken(host: str) -> None:
    assert STRICT.host_problem(host) is None


def test_of_a_names_addresses_only_the_allowed_ones_are_used() -> None:
    assert STRICT.allowed_of(["8.8.8.8", "169.254.169.254", "10.0.0.1", "127.0.0.1"]) == ("8.8.8.8",)


@given(st.ip_addresses())
def test_every_address_is_judged_and_what_is_strict_is_never_laxer(address: object) -> None:
    if STRICT.address_problem(str(address)) is None:
        assert WIDE.address_problem(str(address)) is None


def test_every_such_place_of_a_document_is_told_by_its_path() -> None:
    refs = [
        {"base_url": "http://127.0.0.1:1/v1"},
        {"name": "b", "endpoint": "10.1.2.3:80"},
        {"name": "c", "endpoint": "ok.example"},
    ]
    document = parse_workspace(
        {
            "version": "v0.3",
            "providers": {"models": [{"name": "m", "backend_refs": refs}]},
            "routing": {"modelCards": [{"name": "m"}]},
        }
    )

    assert [(fault.path, fault.code) for fault in egress_faults(document, STRICT)] == [
        ("providers.models[0].backend_refs[0].base_url", "egress"),
        ("providers.models[0].backend_refs[1].endpoint", "egress"),
    ]
    assert egress_faults(document, WIDE) == ()
