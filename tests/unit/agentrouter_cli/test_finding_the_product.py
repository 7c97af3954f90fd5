"""How a command finds the product, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from agentrouter_cli.errors import Unauthorised, Unreachable, WrongUsage
from agentrouter_cli.product import find_product
from agentrouter_cli.run_file import Pids, RunFile, read_run_file, remove_run_file, write_run_file
from tests.fakes.product import KEY, FakeProduct
from tests.unit.agentrouter_cli.conftest import Call


def a_run(pid: int, url: str = "http://127.0.0.1:1") -> RunFile:
    pids = Pids(controlplane=2, agent=3, envoy=4)
    return RunFile(url, "127.0.0.1:2", "http://127.0.0.1:3", "ws_1", "dp_1", "ak-run", "sk-run", pid, pids)


def test_a_living_run_is_found_by_its_file(tmp_path: Path) -> None:
    write_run_file(tmp_path, a_run(os.getpid()))

    product = find_product({"AGENTROUTER_HOME": str(tmp_path)})

    assert (product.url, product.key, product.workspace_id) == ("http://127.0.0.1:1", "ak-run", "ws_1")


def test_the_file_of_a_dead_run_is_ignored(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    write_run_file(tmp_path, a_run(dead.pid))

    with pytest.raises(Unreachable, match="agentrouter run"):
        find_product({"AGENTROUTER_HOME": str(tmp_path)})


def test_the_url_wins_over_a_living_run(tmp_path: Path) -> None:
    write_run_file(tmp_path, a_run(os.getpid()))

    product = find_product(
        {"AGENTROUTER_HOME": str(tmp_path), "AGENTROUTER_URL": "http://other:1/", "AGENTROUTER_KEY": "ak-other"}
    )

    assert (product.url, product.key, product.workspace_id) == ("http://other:1", "ak-other", "")


def test_a_key_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ak-file\n")

    product = find_product({"AGENTROUTER_URL": "http://x", "AGENTROUTER_KEY_FILE": str(tmp_path / "key")})

    assert product.key == "ak-file"


def test_a_url_without_a_key_says_how_to_give_one() -> None:
    with pytest.raises(Unauthorised, match="AGENTROUTER_KEY_FILE"):
        find_product({"AGENTROUTER_URL": "http://x"})


def test_a_key_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="missing"):
        find_product({"AGENTROUTER_URL": "http://x", "AGENTROUTER_KEY_FILE": str(tmp_path / "missing")})


def test_the_run_file_is_private_and_holds_exactly_what_scripts_were_promised(tmp_path: Path) -> None:
    write_run_file(tmp_path, a_run(os.getpid()))

    path = tmp_path / "run.json"
    content = json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(content) == [
        "http",
        "grpc",
        "gateway",
        "workspace_id",
        "dataplane_id",
        "management_key",
        "consumer_key",
        "pid",
        "pids",
    ]
    assert set(content["pids"]) == {"controlplane", "agent", "envoy"}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_run_file_that_cannot_be_read_counts_as_absent(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)

    assert read_run_file(tmp_path) is None


def test_a_removed_run_file_may_be_removed_again(tmp_path: Path) -> None:
    write_run_file(tmp_path, a_run(os.getpid()))

    remove_run_file(tmp_path)
    remove_run_file(tmp_path)

    assert read_run_file(tmp_path) is None


def test_no_key_shows_in_a_repr() -> None:
    assert "ak-run" not in repr(a_run(1))
    assert KEY not in repr(find_product({"AGENTROUTER_URL": "http://x", "AGENTROUTER_KEY": KEY}))


def test_without_a_product_the_exit_code_is_3_and_one_line_says_what_to_do(call: Call) -> None:
    outcome = call("get", "document")

    assert outcome.exit_code == 3
    assert outcome.err.count("\n") == 1
    assert "agentrouter run" in outcome.err


def test_a_product_that_does_not_answer_is_exit_code_3(
    call: Call, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    monkeypatch.setenv("AGENTROUTER_URL", f"http://127.0.0.1:{free_port}")
    monkeypatch.setenv("AGENTROUTER_KEY", KEY)

    outcome = call("get", "document")

    assert (outcome.exit_code, outcome.err.count("\n")) == (3, 1)
    assert "nothing listens there: is the control plane running?" in outcome.err


def test_a_key_that_is_not_accepted_is_exit_code_4(
    product: FakeProduct, cli: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTROUTER_KEY", "ak-wrong")

    outcome = cli("get", "users")

    assert outcome.exit_code == 4
    assert "TOKEN_UNKNOWN_KEY" in outcome.err
    assert "ak-wrong" not in outcome.err


def test_an_option_that_does_not_exist_is_exit_code_2(call: Call) -> None:
    assert call("get", "users", "--unheard-of").exit_code == 2
