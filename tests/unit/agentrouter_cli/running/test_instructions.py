"""What `run` prints can be pasted as it is."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from agentrouter_cli.run_file import Pids, RunFile
from agentrouter_cli.running.instructions import Shown, instructions

RUN = RunFile(
    http="http://127.0.0.1:12581",
    grpc="127.0.0.1:12580",
    gateway="http://127.0.0.1:12582",
    workspace_id="ws_1",
    dataplane_id="dp_1",
    management_key="ak-run",
    consumer_key="sk-run",
    pid=1,
    pids=Pids(2, 3, 4),
)
HOME, BINARIES = Path("/home/me/my state"), Path("/opt/my tools/bin")
SHOWN = Shown(RUN, HOME, BINARIES, "demo", 300, "http://127.0.0.1:12590", "demo")


def commands(text: str) -> list[list[str]]:
    """Every indented command, its lines joined and split as a shell would."""
    joined = text.replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.startswith("  ")]
    wanted = ("curl", "grpcurl", "buf", "agentrouter", "liaison-agent", "python")
    found = []
    for line in lines:
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        while words and "=" in words[0]:
            words = words[1:]
        if words and Path(words[0]).name in wanted:
            found.append(words)
    return found


def test_every_kind_of_command_is_there() -> None:
    programs = [Path(words[0]).name for words in commands(instructions(SHOWN))]

    assert programs.count("curl") == 5
    assert {"grpcurl", "buf", "agentrouter", "liaison-agent", "python"} <= set(programs)


def test_every_body_is_json_and_every_key_stands_where_it_belongs() -> None:
    for words in commands(instructions(SHOWN)):
        if "-d" in words:
            json.loads(words[words.index("-d") + 1])
        if any(word.endswith("/v1/chat/completions") for word in words):
            assert "Authorization: Bearer sk-run" in words
        if any(word.endswith("/TriggerUpdate") for word in words):
            assert "Authorization: Bearer ak-run" in words


def test_one_chat_completion_is_streamed() -> None:
    chats = [words for words in commands(instructions(SHOWN)) if any("/chat/completions" in word for word in words)]

    bodies = [json.loads(words[words.index("-d") + 1]) for words in chats]
    assert [body.get("stream", False) for body in bodies] == [False, True]
    assert "-sSN" in chats[1]


def test_commands_work_in_every_folder_since_they_name_the_home() -> None:
    text = instructions(SHOWN)

    assert text.count("AGENTROUTER_HOME='/home/me/my state' '/opt/my tools/bin/agentrouter'") == 5


def test_commands_on_path_are_written_plainly() -> None:
    text = instructions(replace(SHOWN, binaries=None))

    assert " agentrouter get configurations" in text
    assert "--port-offset 1300" in text


@pytest.mark.parametrize(("demo_url", "there"), [("http://127.0.0.1:12590", True), ("", False)])
def test_failover_is_explained_where_there_is_a_demo_provider(demo_url: str, there: bool) -> None:
    assert ("/admin/behaviours/alpha" in instructions(replace(SHOWN, demo_url=demo_url))) is there
