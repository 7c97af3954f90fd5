"""What is compiled goes nowhere that it may not: nothing forbidden, and no name that Envoy would resolve itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from contract.egress import EgressPolicy
from liaison_agent import planner
from liaison_agent.address_book import AddressBook
from liaison_agent.applier import Applier
from liaison_agent.compiler.compilation import Compiled, compile_gateway
from liaison_agent.compiler.options import GatewayOptions
from liaison_agent.kinds import CLUSTER
from liaison_agent.memory import Memory, SlotMemory
from liaison_agent.state import WORKSPACE_SLOT, Desired, ResourceSet
from tests.fakes.clocks import FakeClock
from tests.fakes.compiling import WORKSPACE, consumer, real_packer, workspace
from tests.fakes.compiling import desired as all_desired
from tests.fakes.gateway import FakeGateway

NAMED: dict[str, Any] = {"base_url": "http://beta.example"}


def addresses(resources: ResourceSet) -> set[str]:
    """Every address of every cluster, the port that refuses aside."""
    found = set()
    for one in resources.of_type(CLUSTER.type_url).values():
        cluster = real_packer().unpack("envoy.config.cluster.v3.Cluster", one.body)
        assert cluster.get("type", "STATIC") == "STATIC"
        for locality in cluster["load_assignment"]["endpoints"]:
            for each in locality["lb_endpoints"]:
                socket = each["endpoint"]["address"]["socket_address"]
                found.add(socket["address"] if socket.get("port_value") else "")
    return found - {""}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "[::ffff:10.0.0.7]", "0x7f.1", "localhost"]
)
def test_a_place_where_requests_may_not_go_is_left_out_with_the_reason(host: str) -> None:
    compiled = compile_gateway(all_desired(workspace({"m": [{"base_url": f"http://{host}/v1"}]})), packer=real_packer())

    assert addresses(compiled.resources) == set()
    (left_out,) = compiled.left_out
    assert left_out.what == "backend primary of model m"


def test_loopback_is_compiled_where_it_is_allowed() -> None:
    options = GatewayOptions(egress=EgressPolicy(allow_loopback=True))
    wanted = all_desired(workspace({"m": [{"base_url": "http://127.0.0.1:8000/v1"}]}))

    assert addresses(compile_gateway(wanted, packer=real_packer(), options=options).resources) == {"127.0.0.1"}


def test_a_consumers_own_place_is_held_to_the_same_policy() -> None:
    credential = {"kind": "api_key", "ref": "secret://byok/ada/x@1", "origin": "http://10.0.0.7:80"}
    own = {"name": "x", "base_url": "http://10.0.0.7", "models": ["m"], "credential": credential}
    ada = consumer("ada", mode="EXCLUSIVE", backends=[own])
    wanted = all_desired(workspace({"m": [NAMED]}), ada, secrets={"secret://byok/ada/x@1": "KEY"})

    compiled = compile_gateway(wanted, packer=real_packer())

    assert [one.what for one in compiled.left_out] == ["backend x"]
    assert addresses(compiled.resources) == set()


def test_a_name_is_compiled_to_the_addresses_that_are_known_and_to_none_before() -> None:
    wanted = all_desired(workspace({"m": [NAMED]}))
    before = compile_gateway(wanted, packer=real_packer())

    known = {"beta.example": ("192.0.2.1", "192.0.2.2")}
    after = compile_gateway(wanted, packer=real_packer(), addresses=known, previous=before)

    assert before.hosts == frozenset({"beta.example"})
    assert (addresses(before.resources), addresses(after.resources)) == (set(), {"192.0.2.1", "192.0.2.2"})


async def test_the_gateway_follows_a_name_and_is_not_led_inside_by_it() -> None:
    answers: dict[str, Sequence[str]] = {"beta.example": ["8.8.8.8"]}
    clock = FakeClock()

    async def look_up(host: str) -> Sequence[str]:
        return answers[host]

    book, gateway = AddressBook(look_up, EgressPolicy(), clock.monotonic), FakeGateway(clock)

    def compile_(desired: Desired, *, previous: Compiled | None) -> Compiled:
        return compile_gateway(desired, packer=real_packer(), addresses=book.known, previous=previous)

    applier = Applier(gateway, compile_, clock, book)
    document = workspace({"m": [NAMED]})
    memory = Memory(WORKSPACE, slots={WORKSPACE_SLOT: SlotMemory(document, document)})
    await applier.serve(planner.plan_newest(memory))
    first = addresses(gateway.pushes[-1])

    answers["beta.example"] = ["8.8.4.4"]
    await applier.refresh_names()
    moved = addresses(gateway.pushes[-1])
    pushes = len(gateway.pushes)
    answers["beta.example"] = ["169.254.169.254"]
    await applier.refresh_names()

    assert (first, moved) == ({"8.8.8.8"}, {"8.8.8.8", "8.8.4.4"})
    assert len(gateway.pushes) == pushes
