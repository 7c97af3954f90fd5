"""Front doors of a listener: prefixes, who may enter, attempts and plugins; valid, and not served yet."""

from __future__ import annotations

from typing import Any

import pytest

from contract import ContractError, Fault, canonical_bytes, parse_workspace, read_workspace, unserved_parts

PATH = "listeners[0].routes"


def document(*routes: Any) -> dict[str, Any]:
    listener = {"name": "http", "address": "127.0.0.1", "port": 12582, "routes": list(routes)}
    return {"version": "v0.3", "listeners": [listener], "routing": {"modelCards": []}}


def faults(*routes: Any) -> list[Fault]:
    with pytest.raises(ContractError) as refusal:
        parse_workspace(document(*routes))
    return list(refusal.value.faults)


def test_a_route_asks_for_consumer_keys_and_tries_two_places_unless_said_otherwise() -> None:
    (route,) = parse_workspace(document({"prefix": "/team-a"})).listeners[0].routes

    assert (route.auth, route.groups, route.max_attempts, route.plugins) == ("consumer_keys", (), 2, ())


def test_everything_that_a_route_may_say_is_read() -> None:
    guard = {"type": "guard", "name": "strict", "configuration": {"detect_chat_request": {"mode": "block"}}}
    written = {"prefix": "/a/b.c/d_e~f", "auth": "passthrough", "max_attempts": 10, "plugins": [guard]}

    (route,) = parse_workspace(document(written)).listeners[0].routes

    assert (route.prefix, route.auth, route.max_attempts) == ("/a/b.c/d_e~f", "passthrough", 10)
    assert route.plugins[0].configuration == {"detect_chat_request": {"mode": "block"}}


def test_routes_are_valid_but_no_data_plane_serves_them_yet() -> None:
    parsed = parse_workspace(document({"prefix": "/team-a"}))

    assert [(fault.path, fault.code) for fault in unserved_parts(parsed)] == [(PATH, "unsupported")]
    with pytest.raises(ContractError, match="routes"):
        read_workspace(canonical_bytes(parsed))
    assert not unserved_parts(parse_workspace(document()))


@pytest.mark.parametrize("prefix", ["/", "/v1", "/team-a/v1", f"/{'x' * 255}"])
def test_a_normal_prefix_is_accepted(prefix: str) -> None:
    assert parse_workspace(document({"prefix": prefix})).listeners[0].routes[0].prefix == prefix


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "v1",
        " /v1",
        "/v1/",
        "//",
        "/a//b",
        "/.",
        "/a/../b",
        "/a?b",
        "/a#b",
        "/a%2fb",
        "/a b",
        "/ä",
        "/a\n",
        "http://x",
    ],
)
def test_a_prefix_that_is_no_normal_path_is_refused_with_a_way_out(prefix: str) -> None:
    (fault,) = faults({"prefix": prefix})

    assert (fault.path, fault.code) == (f"{PATH}[0].prefix", "value")
    assert fault.remedy


@pytest.mark.parametrize(
    ("route", "at", "code"),
    [
        ({}, "prefix", "required"),
        ({"prefix": f"/{'x' * 256}"}, "prefix", "range"),
        ({"prefix": 1}, "prefix", "type"),
        ({"prefix": "/", "auth": "consumer_key"}, "auth", "value"),
        ({"prefix": "/", "groups": ["a", "a"]}, "groups[1]", "duplicate"),
        ({"prefix": "/", "groups": [" a"]}, "groups[0]", "value"),
        ({"prefix": "/", "groups": ["a"], "auth": "none"}, "groups", "conflict"),
        ({"prefix": "/", "groups": ["a"], "auth": "passthrough"}, "groups", "conflict"),
        ({"prefix": "/", "max_attempts": 0}, "max_attempts", "range"),
        ({"prefix": "/", "max_attempts": 11}, "max_attempts", "range"),
        ({"prefix": "/", "max_attempts": "2"}, "max_attempts", "type"),
        ({"prefix": "/", "disable_auth": True}, "disable_auth", "unknown_field"),
        ({"prefix": "/", "plugins": [{"type": "gard", "configuration": {}}]}, "plugins[0].type", "value"),
        ({"prefix": "/", "plugins": [{"type": "guard"}]}, "plugins[0].configuration", "required"),
    ],
)
def test_a_fault_is_named_with_its_place(route: dict[str, Any], at: str, code: str) -> None:
    assert [(fault.path, fault.code) for fault in faults(route)] == [(f"{PATH}[0].{at}", code)]


def test_a_prefix_counts_once_in_a_listener_and_anew_in_the_next() -> None:
    twice = faults({"prefix": "/a"}, {"prefix": "/b"}, {"prefix": "/a"})
    two_listeners = document({"prefix": "/a"})
    two_listeners["listeners"].append({**two_listeners["listeners"][0], "name": "other", "port": 12583})

    assert [(fault.path, fault.code) for fault in twice] == [(f"{PATH}[2].prefix", "duplicate")]
    assert f"{PATH}[0]" in twice[0].message
    assert len(parse_workspace(two_listeners).listeners) == 2


def test_two_plugins_of_a_type_need_names_of_their_own() -> None:
    guard = {"type": "guard", "configuration": {}}
    named = [{**guard, "name": "a"}, {**guard, "name": "b"}, {"type": "prompt_compressor", "configuration": {}}]

    assert [fault.path for fault in faults({"prefix": "/", "plugins": [guard, guard]})] == [
        f"{PATH}[0].plugins[1].type"
    ]
    assert len(parse_workspace(document({"prefix": "/", "plugins": named})).listeners[0].routes[0].plugins) == 3


def test_all_faults_of_all_routes_come_at_once() -> None:
    found = faults({"prefix": "a", "max_attempts": 0}, {"auth": "never"}, "no mapping")

    assert {fault.path for fault in found} >= {
        f"{PATH}[0].prefix",
        f"{PATH}[0].max_attempts",
        f"{PATH}[1].prefix",
        f"{PATH}[1].auth",
        f"{PATH}[2]",
    }
