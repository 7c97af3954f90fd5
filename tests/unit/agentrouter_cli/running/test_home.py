"""The folder of a run: one holder, private files, a memory that survives nonsense."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from agentrouter_cli.errors import WrongUsage
from agentrouter_cli.running.envoy import living_envoy
from agentrouter_cli.running.home import AgentFile, Home, Memory


def test_a_second_run_in_the_same_home_is_refused_and_names_the_first(tmp_path: Path) -> None:
    with Home(tmp_path).held(), pytest.raises(WrongUsage, match=f"pid {os.getpid()}"), Home(tmp_path).held():
        pass


def test_a_home_that_was_left_may_be_held_again(tmp_path: Path) -> None:
    with Home(tmp_path).held():
        pass

    with Home(tmp_path).held():
        pass


def test_a_home_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(WrongUsage, match="--home"), Home(tmp_path / "file" / "home").held():
        pass


def test_what_is_remembered_is_private_and_found_again(tmp_path: Path) -> None:
    Home(tmp_path).remember(demo_port=4711)
    Home(tmp_path).remember(document_etag="e1")

    assert Home(tmp_path).memory() == Memory(demo_port=4711, document_etag="e1")
    assert stat.S_IMODE((tmp_path / "run-memory.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "[]", '{"demo_port": "4711", "unknown": 1}', '{"demo_port": true}'])
def test_a_memory_that_makes_no_sense_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "run-memory.json").write_text(text)

    assert Home(tmp_path).memory() == Memory()


def test_the_agents_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.agent_state.mkdir()
    (home.agent_state / "agent.json").write_text(json.dumps({"pid": 7, "envoy_pid": None, "dataplane_id": "dp_1"}))

    assert home.agent_file() == AgentFile(pid=7, dataplane_id="dp_1")


def test_a_process_that_is_no_envoy_is_not_taken_for_one(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.agent_state.mkdir()
    (home.agent_state / "agent.json").write_text(json.dumps({"envoy_pid": os.getpid()}))

    assert living_envoy(home) == 0


def test_an_agents_state_is_set_aside_and_never_overwritten(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for _ in range(2):
        home.agent_state.mkdir()
        home.set_agent_state_aside()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["agent.old-1", "agent.old-2"]


def test_the_enrolled_id_comes_from_the_agents_identity(tmp_path: Path) -> None:
    home = Home(tmp_path)
    before = home.enrolled_id()
    home.agent_state.mkdir()
    (home.agent_state / "identity.json").write_text(json.dumps({"dataplane_id": "dp_1"}))

    assert (before, home.enrolled_id()) == ("", "dp_1")
