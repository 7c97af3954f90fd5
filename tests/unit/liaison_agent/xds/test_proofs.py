"""Proofs are kept as long as they hold, and no longer."""

from __future__ import annotations

from liaison_agent.kinds import CLUSTER
from liaison_agent.ports import ProvenResource
from liaison_agent.state import Resource, ResourceSet
from liaison_agent.xds.proofs import Proofs


def cluster(name: str, body: str = "1") -> Resource:
    return Resource.of(CLUSTER.type_url, name, body.encode(), "config/")


def proven(target: ResourceSet) -> Proofs:
    proofs = Proofs()
    proofs.begin(1)
    proofs.add(proofs.missing(target))
    return proofs


def test_what_was_seen_is_proven_in_its_version() -> None:
    proofs = proven(ResourceSet([cluster("a")]))

    assert proofs.all() == (ProvenResource("cluster/a", cluster("a").version),)
    assert proofs.missing(ResourceSet([cluster("a")])) == []


def test_a_new_version_has_to_be_seen_again() -> None:
    proofs = proven(ResourceSet([cluster("a"), cluster("b")]))

    assert proofs.missing(ResourceSet([cluster("a", "2"), cluster("b")])) == [cluster("a", "2")]
    assert [one.name for one in proofs.all()] == ["cluster/b"]


def test_what_was_not_seen_stays_open() -> None:
    proofs = Proofs()
    target = ResourceSet([cluster("a"), cluster("b")])
    proofs.missing(target)
    proofs.add([cluster("a")])

    assert proofs.missing(target) == [cluster("b")]


def test_what_leaves_the_set_loses_its_proof() -> None:
    proofs = proven(ResourceSet([cluster("a")]))

    proofs.missing(ResourceSet())

    assert proofs.all() == ()


def test_a_withdrawn_proof_has_to_be_given_again() -> None:
    target = ResourceSet([cluster("a")])
    proofs = proven(target)

    proofs.withdraw([cluster("a").key])

    assert proofs.all() == ()
    assert proofs.missing(target) == [cluster("a")]


def test_another_stream_may_be_another_envoy_and_has_proven_nothing() -> None:
    proofs = proven(ResourceSet([cluster("a")]))

    proofs.begin(2)

    assert proofs.all() == ()
