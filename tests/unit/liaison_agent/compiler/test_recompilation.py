"""A compiler with a memory gives what one without it gives, whatever it compiled before."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liaison_agent.compiler.compilation import compile_gateway
from liaison_agent.compiler.options import GatewayOptions
from liaison_agent.compiler.packing import PackError
from liaison_agent.compiler.recompilation import Recompiler
from liaison_agent.state import Configuration, Desired
from tests.fakes.compiling import NO_KEYS, CountingPacker, configuration, consumer, desired, real_packer, workspace

BETA: dict[str, Any] = {"base_url": "http://beta.example"}
LOCKED: dict[str, Any] = {"base_url": "http://beta.example", "api_key": "secret://a@1"}

workspaces = st.sampled_from(
    [
        workspace({"m1": [BETA]}),
        workspace({"m1": [LOCKED, BETA], "m2": [BETA]}, 2),
        workspace({"m2": [BETA], "m3": [LOCKED]}, 3),
    ]
)
consumers = st.lists(
    st.builds(
        lambda name, version, models, enabled: consumer(name, version, models=models, enabled=enabled),
        st.sampled_from(["a", "b", "c", "d"]),
        st.integers(1, 3),
        st.lists(st.sampled_from(["m1", "m2", "m3"]), unique=True),
        st.booleans(),
    ),
    unique_by=lambda one: one.user_id,
    max_size=4,
)
secrets = st.sampled_from([{}, {"secret://a@1": "x"}, {"secret://a@1": "y"}])
wanted = st.builds(lambda first, rest, known: desired(first, *rest, secrets=known), workspaces, consumers, secrets)


@settings(deadline=None, max_examples=40)
@given(steps=st.lists(wanted, min_size=1, max_size=5))
def test_every_step_of_a_history_compiles_as_if_it_were_the_first(steps: list[Desired]) -> None:
    recompile = Recompiler(real_packer(), GatewayOptions())

    for step in steps:
        remembered, fresh = recompile(step), compile_gateway(step, packer=real_packer())

        assert remembered.resources == fresh.resources
        assert sorted(map(str, remembered.left_out)) == sorted(map(str, fresh.left_out))


def test_what_did_not_change_is_not_packed_again() -> None:
    packer = CountingPacker()
    recompile = Recompiler(packer, GatewayOptions())
    everybody: list[Configuration] = [consumer(f"c{n}") for n in range(30)]
    first = recompile(desired(workspace({"m1": [BETA]}), *everybody))
    packer.packed.clear()

    again = recompile(desired(workspace({"m1": [BETA]}), *everybody))
    recompile(desired(workspace({"m1": [BETA]}), *everybody, consumer("new")))

    assert again.resources == first.resources
    assert packer.packed == ["ScopedRouteConfiguration"]


def test_new_keys_and_many_changes_at_once_are_seen() -> None:
    recompile = Recompiler(real_packer(), GatewayOptions())
    recompile(desired(workspace({"m1": [BETA]})))
    keys = NO_KEYS.replace(b"[]", b'[{"kty":"OKP"}]')
    crowd = desired(workspace({"m1": [BETA]}), *(consumer(f"c{n}") for n in range(60)), jwks=keys)

    assert recompile(crowd).resources == compile_gateway(crowd, packer=real_packer()).resources


def test_a_document_that_does_not_compile_leaves_the_memory_alone() -> None:
    recompile = Recompiler(real_packer(), GatewayOptions())
    good = desired(workspace({"m1": [BETA]}))
    first = recompile(good)

    with pytest.raises(PackError):
        recompile(desired(configuration("", {"version": "v9"})))

    assert recompile(good).resources == first.resources
