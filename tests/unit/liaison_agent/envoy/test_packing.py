"""Equal fields are equal bytes, in this process and the next: else a restarted agent would push everything again."""

from __future__ import annotations

import itertools

import pytest

from liaison_agent.envoy.descriptors import find_envoy_binary, load_descriptor_pool
from liaison_agent.envoy.packing import DescriptorPacker

METADATA = "type.googleapis.com/envoy.config.core.v3.Metadata"


@pytest.fixture(scope="module")
def packer(tmp_path_factory: pytest.TempPathFactory) -> DescriptorPacker:
    return DescriptorPacker(load_descriptor_pool(find_envoy_binary(), tmp_path_factory.mktemp("descriptors")))


def test_the_order_in_which_maps_were_filled_does_not_show_at_any_depth(packer: DescriptorPacker) -> None:
    def extension(keys: tuple[str, ...]) -> bytes:
        inner = {"@type": METADATA, "filter_metadata": {key: dict.fromkeys(keys, 1) for key in keys}}
        wrapped = {"@type": METADATA, "typed_filter_metadata": dict.fromkeys(keys, inner)}
        fields = {"name": "x", "typed_config": wrapped}
        return packer.pack("envoy.config.core.v3.TypedExtensionConfig", fields)

    packed = {extension(keys) for keys in itertools.permutations(("alpha", "beta", "gamma", "delta"))}

    assert len(packed) == 1
