"""Descriptors out of the binary: the whole set, cached, and a clear word when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from liaison_agent.compiler.packing import PackError
from liaison_agent.envoy.descriptors import DescriptorsUnavailable, find_envoy_binary, load_descriptor_pool
from liaison_agent.envoy.packing import DescriptorPacker

CLUSTER = "envoy.config.cluster.v3.Cluster"


def test_the_binarys_messages_can_be_packed_and_read_again(tmp_path: Path) -> None:
    packer = DescriptorPacker(load_descriptor_pool(find_envoy_binary(), tmp_path))
    fields = {"name": "a", "connect_timeout": "5s", "type": "STRICT_DNS"}

    assert packer.unpack(CLUSTER, packer.pack(CLUSTER, fields)) == fields


def test_a_second_start_reads_the_cache(tmp_path: Path) -> None:
    load_descriptor_pool(find_envoy_binary(), tmp_path)
    (cache,) = tmp_path.iterdir()
    written_at = cache.stat().st_mtime_ns

    load_descriptor_pool(find_envoy_binary(), tmp_path).FindMessageTypeByName(CLUSTER)

    assert [one.stat().st_mtime_ns for one in tmp_path.iterdir()] == [written_at]


@pytest.mark.parametrize("damage", [b"", b"\xff\xff", b"\x0a\x00"])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    load_descriptor_pool(find_envoy_binary(), tmp_path)
    (cache,) = tmp_path.iterdir()
    whole = cache.read_bytes()
    cache.write_bytes(damage)

    load_descriptor_pool(find_envoy_binary(), tmp_path).FindMessageTypeByName(CLUSTER)

    assert cache.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")

    load_descriptor_pool(find_envoy_binary(), in_the_way).FindMessageTypeByName(CLUSTER)


def test_another_binary_is_not_served_from_the_cache_of_this_one(tmp_path: Path) -> None:
    load_descriptor_pool(find_envoy_binary(), tmp_path)
    other = tmp_path / "other"
    other.write_bytes(b"\x7fELF nothing of ours")

    with pytest.raises(DescriptorsUnavailable, match="other is no Envoy binary"):
        load_descriptor_pool(other, tmp_path)


def test_a_binary_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DescriptorsUnavailable, match="gone cannot be read"):
        load_descriptor_pool(tmp_path / "gone", tmp_path)


@pytest.mark.parametrize(
    ("message", "fields", "named"),
    [
        (CLUSTER, {"nmae": "a"}, "nmae"),
        (CLUSTER, {"type": "NO_SUCH"}, "NO_SUCH"),
        ("envoy.no.such.Message", {}, "envoy.no.such.Message"),
    ],
)
def test_what_this_envoy_does_not_know_fails_before_a_push(
    tmp_path: Path, message: str, fields: dict[str, str], named: str
) -> None:
    packer = DescriptorPacker(load_descriptor_pool(find_envoy_binary(), tmp_path))

    with pytest.raises(PackError, match=named):
        packer.pack(message, fields)


def test_packed_parts_are_merged_where_they_belong(tmp_path: Path) -> None:
    packer = DescriptorPacker(load_descriptor_pool(find_envoy_binary(), tmp_path))
    host = packer.pack("envoy.config.route.v3.VirtualHost", {"name": "v", "domains": ["*"]})
    routes = "envoy.config.route.v3.RouteConfiguration"

    merged = packer.pack(routes, {"name": "r", "virtual_hosts": [{}]}, {"virtual_hosts": host})

    assert merged == packer.pack(routes, {"name": "r", "virtual_hosts": [{"name": "v", "domains": ["*"]}]})
