"""What follows from the state folder."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from liaison_agent.envoy.options import EnvoyOptions


@pytest.fixture
def options(tmp_path: Path) -> EnvoyOptions:
    return EnvoyOptions(tmp_path, "dp-1", Path("envoy"))


def test_the_base_id_follows_the_state_folder(options: EnvoyOptions, tmp_path: Path) -> None:
    other = replace(options, state_folder=tmp_path / "other")

    assert options.base_id == replace(options, node_id="dp-2").base_id
    assert options.base_id != other.base_id
    assert 0 < options.base_id < 2**32 / 10


def test_sockets_lie_in_the_state_folder_unless_their_path_gets_too_long(options: EnvoyOptions) -> None:
    deep = replace(options, state_folder=Path("/var/lib") / ("deep" * 30))

    assert replace(options, state_folder=Path("/var/lib/a")).admin_socket == Path("/var/lib/a/envoy/admin.sock")
    assert len(os.fsencode(deep.admin_socket)) <= 107
    assert deep.socket_folder == replace(deep).socket_folder
