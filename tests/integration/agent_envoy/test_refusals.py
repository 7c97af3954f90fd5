"""What Envoy refuses goes back, is named with its reason, and harms nobody else."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest

from liaison_agent.envoy.options import EnvoyOptions
from liaison_agent.gateway import EnvoyGateway
from liaison_agent.kinds import ROUTES
from liaison_agent.ports import ApplyOutcome, StartRefused
from liaison_agent.state import ResourceSet
from tests.integration.agent_envoy.conftest import Get, NewGateway
from tests.integration.agent_envoy.envoy_resources import Resources, bad_routes
from tests.ports import free_port


def refusals(outcome: ApplyOutcome) -> dict[str, str]:
    return {one.name: one.reason for one in outcome.refused}


async def test_a_bad_cluster_is_named_and_the_good_ones_of_its_push_are_applied(
    gateway: EnvoyGateway, make: Resources
) -> None:
    await gateway.start(ResourceSet())
    good = [make.cluster(f"good-{number}") for number in range(5)]
    bad = make.cluster("bad", slot="config/them", connect_timeout="0s")

    outcome = await gateway.apply(ResourceSet([*good, bad]))

    assert [(one.name, one.slot) for one in outcome.refused] == [("bad", "config/them")]
    assert "value must be greater than 0s" in refusals(outcome)["bad"]
    assert "goo.gle" not in refusals(outcome)["bad"]
    assert {one.name for one in outcome.proven} == {f"cluster/good-{number}" for number in range(5)}
    assert gateway.running() == ResourceSet(good)


async def test_a_bad_change_of_a_cluster_leaves_the_old_one_running_and_proven(
    gateway: EnvoyGateway, make: Resources
) -> None:
    before = make.cluster("provider")
    await gateway.start(ResourceSet([before]))

    outcome = await gateway.apply(ResourceSet([make.cluster("provider", type="EDS"), make.cluster("other")]))

    assert refusals(outcome) == {"provider": "cannot create an EDS cluster without an EDS config"}
    assert ("cluster/provider", before.version) in {(one.name, one.digest) for one in outcome.proven}
    assert gateway.running() == ResourceSet([before, make.cluster("other")])


@pytest.mark.parametrize("shared", [False, True], ids=["plain", "with SO_REUSEPORT"])
async def test_a_listener_on_a_port_that_another_process_holds_is_refused(
    gateway: EnvoyGateway, make: Resources, get: Get, shared: bool
) -> None:
    port = free_port()
    first = make.answering_listener("first", port, "first")
    await gateway.start(ResourceSet([first]))
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shared))
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        second = make.answering_listener("second", holder.getsockname()[1], "second")

        outcome = await gateway.apply(ResourceSet([first, second]))

    assert "address already in use" in refusals(outcome)["second"].lower()
    assert await get(port) == (200, "first")
    assert gateway.running() == ResourceSet([first])


async def test_after_a_refused_port_the_same_listener_may_have_another_one(
    gateway: EnvoyGateway, make: Resources, get: Get
) -> None:
    first = make.answering_listener("first", free_port(), "first")
    await gateway.start(ResourceSet([first]))
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        await gateway.apply(ResourceSet([first, make.answering_listener("second", holder.getsockname()[1], "second")]))
    port = free_port()

    outcome = await gateway.apply(ResourceSet([first, make.answering_listener("second", port, "second")]))

    assert outcome.refused == ()
    assert await get(port) == (200, "second")


async def test_a_listener_that_cannot_move_to_a_held_port_serves_on_where_it_was(
    gateway: EnvoyGateway, make: Resources, get: Get
) -> None:
    port = free_port()
    await gateway.start(ResourceSet([make.answering_listener("front", port, "old")]))
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()

        outcome = await gateway.apply(ResourceSet([make.answering_listener("front", holder.getsockname()[1], "new")]))

    assert list(refusals(outcome)) == ["front"]
    assert await get(port) == (200, "old")


async def test_a_renamed_listener_takes_over_the_port_of_the_one_that_goes(
    gateway: EnvoyGateway, make: Resources, get: Get
) -> None:
    port = free_port()
    await gateway.start(ResourceSet([make.answering_listener("before", port, "old")]))

    outcome = await gateway.apply(ResourceSet([make.answering_listener("after", port, "new")]))

    assert outcome.refused == ()
    assert await get(port) == (200, "new")


async def test_one_consumers_bad_scope_stops_no_other_consumer(
    gateway: EnvoyGateway, make: Resources, get: Get
) -> None:
    port = free_port()
    front = make.scoped_listener("front", port)
    names = [f"c{number}" for number in range(20)]
    await gateway.start(ResourceSet([front, *(make.answering_scope(name, "old") for name in names)]))
    changed = [make.answering_scope(name, "new") for name in names if name != "c7"]
    bad = make.scope("c7", bad_routes("rc-c7"))

    outcome = await gateway.apply(ResourceSet([front, *changed, bad]))

    assert [(one.name, one.slot) for one in outcome.refused] == [("c7", "config/c7")]
    assert await get(port, x_consumer="c7") == (200, "old")
    assert await get(port, x_consumer="c8") == (200, "new")


async def test_bad_scopes_among_hundreds_of_changed_ones_are_found(
    gateway: EnvoyGateway, make: Resources, get: Get
) -> None:
    port = free_port()
    front = make.scoped_listener("front", port)
    await gateway.start(ResourceSet([front]))
    scopes = [make.answering_scope(f"c{number}", "hello") for number in range(300)]
    scopes[123] = make.scope("c123", bad_routes("rc"))
    scopes[7] = make.scope("c7", bad_routes("rc"))

    outcome = await gateway.apply(ResourceSet([front, *scopes]))

    assert sorted(refusals(outcome)) == ["c123", "c7"]
    assert [(await get(port, x_consumer=f"c{number}"))[0] for number in (0, 7, 122, 123, 299)] == [
        200,
        404,
        200,
        404,
        200,
    ]


async def test_a_bad_scope_in_the_initial_set_spoils_none_of_its_bulk(
    gateway: EnvoyGateway, make: Resources, get: Get
) -> None:
    port = free_port()
    scopes = [make.answering_scope(f"c{number}", "hello") for number in range(50)]
    scopes[30] = make.scope("c30", bad_routes("rc"))

    with pytest.raises(StartRefused) as refused:
        await gateway.start(ResourceSet([make.scoped_listener("front", port), *scopes]))

    assert [one.name for one in refused.value.refused] == ["c30"]
    assert [(await get(port, x_consumer=f"c{number}"))[0] for number in (0, 29, 30, 49)] == [200, 200, 404, 200]


async def test_bad_shared_routes_leave_the_old_ones_in_force(gateway: EnvoyGateway, make: Resources, get: Get) -> None:
    port = free_port()
    around = [make.scoped_listener("front", port), make.scope("c1", "profile")]
    await gateway.start(ResourceSet([*around, make.routes("profile", "old")]))
    bad = make.of(ROUTES, bad_routes("profile"))

    outcome = await gateway.apply(ResourceSet([*around, bad]))

    assert refusals(outcome) == {"profile": "Only a single wildcard domain is permitted in route profile"}
    assert await get(port, x_consumer="c1") == (200, "old")


async def test_a_refused_extension_is_put_back_and_neither_reason_nor_log_shows_a_key(
    gateway: EnvoyGateway, options: EnvoyOptions, make: Resources, get: Get
) -> None:
    port = free_port()
    front = make.keyed_listener("front", port, "keys")
    await gateway.start(ResourceSet([front, make.keys("keys", "hers")]))

    outcome = await gateway.apply(ResourceSet([front, make.keys("keys", "canary", "canary")]))

    assert "Duplicated credential key" in refusals(outcome)["keys"]
    assert "canary" not in refusals(outcome)["keys"]
    assert "canary" not in options.log_file.read_text()
    assert await get(port, x_key="hers") == (200, "let in")
    assert ("extension/keys", make.keys("keys", "hers").version) in {(p.name, p.digest) for p in outcome.proven}


async def test_a_listener_whose_routes_never_come_is_refused_as_not_active(
    new_gateway: NewGateway, make: Resources, get: Get
) -> None:
    gateway = new_gateway(warms_within=timedelta(seconds=1))
    port = free_port()
    front = make.answering_listener("front", port, "old")
    await gateway.start(ResourceSet([front]))
    waiting = make.keyed_listener("waiting", free_port(), "nobody offers this")

    outcome = await gateway.apply(ResourceSet([front, waiting]))

    assert refusals(outcome)["waiting"].startswith("not active: still warming")
    assert await get(port) == (200, "old")
