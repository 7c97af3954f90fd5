"""Envoy's texts, as it really wrote them, made fit to show."""

from __future__ import annotations

import pytest

from liaison_agent.kinds import CLUSTER
from liaison_agent.state import Resource
from liaison_agent.xds.refusals import is_place_taken, reason_of, split_by_guilt

DUMP_FIRST = (
    'Error adding/updating listener(s) front: goo.gle/debugproto    \nstat_prefix: "secret-canary"\nroute_config {\n'
    "  virtual_hosts {\n  }\n}\n: Proto constraint validation failed (RouteConfigurationValidationError: value)\n"
)
DUMP_LAST = "Invalid duration: Expected positive duration: goo.gle/debugstr    \nseconds: -1\n"
IN_USE = "Error adding/updating listener(s) front: cannot bind '127.0.0.1:42693': Address already in use\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (DUMP_FIRST, "Proto constraint validation failed (RouteConfigurationValidationError: value)"),
        (DUMP_LAST, "Invalid duration: Expected positive duration"),
        (IN_USE, "cannot bind '127.0.0.1:42693': Address already in use"),
        ("route: unknown cluster 'nope'", "route: unknown cluster 'nope'"),
        ("Duplicated credential key: 'sk-canary'", "Duplicated credential key"),
        ('script load error: [string "function ( canary"]:1: bad', "script load error: script:1: bad"),
        ("value sk-canary-1234 is not allowed", "value [secret] is not allowed"),
        ("header Bearer canary is not allowed", "header [secret] is not allowed"),
        ("", "refused without a reason"),
    ],
)
def test_a_reason_keeps_what_helps_and_loses_dumps_and_secrets(text: str, reason: str) -> None:
    assert reason_of(text, "front") == reason


def test_a_reason_is_bounded() -> None:
    assert len(reason_of("x" * 10_000, "front")) < 500


def cluster(name: str) -> Resource:
    return Resource.of(CLUSTER.type_url, name, name.encode(), "config/")


def test_the_resources_that_a_refusal_names_are_tried_apart_from_the_others() -> None:
    group = [cluster(name) for name in ("a", "ab", "b")]

    innocent, suspect = split_by_guilt(group, "Error adding/updating cluster(s) ab: cannot create an EDS cluster")

    assert [one.name for one in innocent] == ["a", "b"]
    assert [one.name for one in suspect] == ["ab"]


def test_a_refusal_that_names_nobody_halves_the_group() -> None:
    group = [cluster(name) for name in "abcde"]

    first, second = split_by_guilt(group, "value must be greater than 0s")

    assert [one.name for one in first + second] == list("abcde")
    assert abs(len(first) - len(second)) <= 1


def test_names_inside_a_dump_are_no_accusation() -> None:
    group = [cluster("a"), cluster("b")]

    first, second = split_by_guilt(group, 'goo.gle/debugproto \na: 1\nname: "x"\n: value must be greater than 0s')

    assert (first, second) == ([cluster("a")], [cluster("b")])


def test_only_a_place_that_may_get_free_counts_as_taken() -> None:
    assert is_place_taken("error adding listener: 'l4' has duplicate address '127.0.0.1:1' as existing listener")
    assert not is_place_taken(IN_USE)
