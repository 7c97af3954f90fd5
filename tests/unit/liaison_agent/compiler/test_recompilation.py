"""Compiling on from a result gives what compiling from nothing gives, whatever came before."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from liaison_agent.compiler.compilation import compile_gateway
from liaison_agent.compiler.options import GatewayOptions
from liaison_agent.state import Configuration, Desired
from tests.fakes.compiling import NO_KEYS, CountingPacker, consumer, desired, real_packer, workspace

BETA: dict[str, Any] = {"base_url": "http://beta.example", "provider": "beta"}
ORIGIN = "http://beta.example:80"
LOCKED: dict[str, Any] = {"base_url": "http://beta.example", "api_key": "secret://a@1"}

workspaces = st.sampled_from(
    [
        workspace({"m1": [BETA]}),
        workspace({"m1": [LOCKED, BETA], "m2": [BETA]}, 2),
        workspace({"m2": [BETA], "m3": [LOCKED]}, 3),
    ]
)


def owner(name: str, version: int, models: list[str], enabled: bool, own: str) -> Configuration:
    """A consumer, maybe with a key of its own, at the workspace's place or at one it brings."""
    fields: dict[str, Any] = {}
    if own:
        credential = {"kind": "api_key", "ref": f"secret://byok/{name}/x@{version}", "origin": ORIGIN}
        place = {"base_url": "http://beta.example/own", "models": ["m1"]} if own == "brought" else {"provider": "beta"}
        fields = {"mode": "PREFERRED", "backends": [{"name": "x", "credential": credential, **place}]}
    return consumer(name, version, models=models, enabled=enabled, **fields)


consumers = st.lists(
    st.builds(
        owner,
        st.sampled_from(["a", "b", "c", "d"]),
        st.integers(1, 3),
        st.lists(st.sampled_from(["m1", "m2", "m3"]), unique=True),
        st.booleans(),
        st.sampled_from(["", "", "shared", "brought"]),
    ),
    unique_by=lambda one: one.user_id,
    max_size=4,
)
secrets = st.builds(
    lambda shared, own: {**shared, **{f"secret://byok/{name}/x@{version}": "z" for name, version in own}},
    st.sampled_from([{}, {"secret://a@1": "x"}, {"secret://a@1": "y"}]),
    st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d"]), st.integers(1, 3))),
)
wanted = st.builds(lambda first, rest, known: desired(first, *rest, secrets=known), workspaces, consumers, secrets)


@settings(deadline=None, max_examples=40)
@given(steps=st.lists(wanted, min_size=1, max_size=5))
def test_every_step_of_a_history_compiles_as_if_it_were_the_first(steps: list[Desired]) -> None:
    remembered = None

    for step in steps:
        remembered = compile_gateway(step, packer=real_packer(), previous=remembered)
        fresh = compile_gateway(step, packer=real_packer())

        assert remembered.resources == fresh.resources
        assert sorted(map(str, remembered.left_out)) == sorted(map(str, fresh.left_out))


def test_what_did_not_change_is_not_packed_again() -> None:
    packer = CountingPacker()
    everybody: list[Configuration] = [consumer(f"c{n}") for n in range(30)]
    first = compile_gateway(desired(workspace({"m1": [BETA]}), *everybody), packer=real_packer())

    again = compile_gateway(desired(workspace({"m1": [BETA]}), *everybody), packer=packer, previous=first)
    more = desired(workspace({"m1": [BETA]}), *everybody, consumer("new"))
    compile_gateway(more, packer=packer, previous=again)

    assert again.resources == first.resources
    assert packer.packed == ["ScopedRouteConfiguration"]


def test_new_keys_and_many_changes_at_once_are_seen() -> None:
    first = compile_gateway(desired(workspace({"m1": [BETA]})), packer=real_packer())
    keys = NO_KEYS.replace(b"[]", b'[{"kty":"OKP"}]')
    crowd = desired(workspace({"m1": [BETA]}), *(consumer(f"c{n}") for n in range(60)), jwks=keys)

    then = compile_gateway(crowd, packer=real_packer(), previous=first)

    assert then.resources == compile_gateway(crowd, packer=real_packer()).resources


def test_another_port_or_another_file_is_seen() -> None:
    wanted, options = desired(workspace({"m1": [BETA]})), GatewayOptions(access_log="/var/log/other.log")
    first = compile_gateway(wanted, packer=real_packer())

    moved = compile_gateway(wanted, packer=real_packer(), previous=first, port_offset=1000, options=options)

    assert moved.resources == compile_gateway(wanted, packer=real_packer(), port_offset=1000, options=options).resources
    assert moved.resources != first.resources


def test_what_is_remembered_does_not_grow_with_the_number_of_changes() -> None:
    def after(version: int) -> Desired:
        return desired(workspace({"m1": [BETA]}), consumer("c1", version, models=["m1"]))

    result = compile_gateway(after(1), packer=real_packer())
    for version in range(2, 2000):
        result = compile_gateway(after(version), packer=real_packer(), previous=result)

    assert result.origin is not None
    assert len(result.origin.memo) < 1500


def test_a_new_key_of_one_consumers_own_packs_its_scope_and_its_secret_and_nothing_else() -> None:
    everybody = [owner(f"c{n}", 1, [], enabled=True, own="shared") for n in range(60)]
    keys = {f"secret://byok/c{n}/x@1": "KEY" for n in range(60)}
    first = compile_gateway(desired(workspace({"m1": [BETA]}), *everybody, secrets=keys), packer=real_packer())
    packer = CountingPacker()

    moved = [owner("c7", 2, [], enabled=True, own="shared") if one.user_id == "c7" else one for one in everybody]
    keys = {**keys, "secret://byok/c7/x@2": "NEW"}
    compile_gateway(desired(workspace({"m1": [BETA]}), *moved, secrets=keys), packer=packer, previous=first)

    assert sorted(packer.packed) == ["ScopedRouteConfiguration", "Secret"]


def test_a_key_that_comes_late_packs_one_consumer_only() -> None:
    everybody = [owner(f"c{n}", 1, [], enabled=True, own="brought") for n in range(60)]
    keys = {f"secret://byok/c{n}/x@1": "KEY" for n in range(60) if n != 7}
    first = compile_gateway(desired(workspace({"m1": [BETA]}), *everybody, secrets=keys), packer=real_packer())
    packer = CountingPacker()

    whole = {**keys, "secret://byok/c7/x@1": "LATE"}
    compile_gateway(desired(workspace({"m1": [BETA]}), *everybody, secrets=whole), packer=packer, previous=first)

    assert sorted(packer.packed) == ["Cluster", "ScopedRouteConfiguration", "Secret", "VirtualHost"]
