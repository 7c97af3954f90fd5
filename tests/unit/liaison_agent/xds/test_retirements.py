"""Clusters outlive their last user; nothing else does."""

from __future__ import annotations

from datetime import timedelta

from liaison_agent.kinds import CLUSTER, SCOPE
from liaison_agent.state import Resource, ResourceSet
from liaison_agent.xds.retirements import Retirements

UP = Resource.of(CLUSTER.type_url, "up", b"1", "config/")
SCOPED = Resource.of(SCOPE.type_url, "c1", b"1", "config/c1")
BEFORE = ResourceSet([UP, SCOPED])


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_cluster_that_served_goes_when_its_time_is_over_and_other_kinds_at_once() -> None:
    clock = Clock()
    retirements = Retirements(timedelta(seconds=30), clock)

    at_once = retirements.may_go([UP.key, SCOPED.key], BEFORE)
    waits = retirements.next_due_in()
    clock.now += 30
    later = retirements.may_go([UP.key], ResourceSet())

    assert (at_once, waits, later) == ([SCOPED.key], 30.0, [UP.key])


def test_a_cluster_that_never_served_goes_at_once() -> None:
    retirements = Retirements(timedelta(seconds=30), Clock())

    assert retirements.may_go([UP.key], ResourceSet()) == [UP.key]
    assert retirements.next_due_in() is None


def test_a_cluster_that_is_wanted_again_retires_anew_from_then_on() -> None:
    clock = Clock()
    retirements = Retirements(timedelta(seconds=30), clock)
    retirements.may_go([UP.key], BEFORE)

    clock.now += 29
    retirements.come_back(BEFORE)
    nothing_waits = retirements.next_due_in()
    clock.now += 29

    assert nothing_waits is None
    assert retirements.may_go([UP.key], BEFORE) == []


def test_a_cluster_whose_time_ran_out_while_something_else_was_delivered_goes_next() -> None:
    clock = Clock()
    retirements = Retirements(timedelta(seconds=30), clock)
    retirements.may_go([UP.key], BEFORE)

    clock.now += 31

    assert retirements.next_due_in() == 0
    assert retirements.may_go([UP.key], ResourceSet()) == [UP.key]


def test_what_went_with_its_envoy_is_waited_for_no_longer() -> None:
    retirements = Retirements(timedelta(seconds=30), Clock())
    retirements.may_go([UP.key], BEFORE)

    retirements.may_go([], ResourceSet())

    assert retirements.next_due_in() is None
