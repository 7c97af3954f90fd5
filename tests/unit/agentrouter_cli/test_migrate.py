"""`migrate`: where the document goes, what is said about it, and how the command ends."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from contract import parse_text, parse_workspace
from tests.unit.agentrouter_cli.conftest import Call

OLD = """
default_model: fast  # the quick one
vllm_endpoints: [{name: here, address: 127.0.0.1, port: 8000}]
model_config: {fast: {preferred_endpoints: [here], access_key: sk-in-the-file}}
entropy_threshold: 0.5
image_gen_backends: {one: {type: openai}}
"""
CANONICAL = "version: v0.3  # as it should be\nrouting: {}\n"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    file = tmp_path / "old.yaml"
    file.write_text(OLD)
    return file


def test_the_document_is_written_beside_the_old_file(call: Call, old: Path) -> None:
    outcome = call("migrate", "-f", str(old))

    written = old.with_name("old.migrated.yaml")
    assert outcome.exit_code == 0
    assert f"written to {written}" in outcome.out
    assert parse_workspace(parse_text(written.read_bytes())).providers.defaults.default_model == "fast"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert old.read_text() == OLD


def test_what_was_done_is_listed_and_no_key_is_shown(call: Call, old: Path) -> None:
    outcome = call("migrate", "-f", str(old))

    lines = [" ".join(line.split()) for line in outcome.err.splitlines()]
    assert "moved default_model providers.defaults.default_model" in lines
    assert any(line.startswith("dropped entropy_threshold") for line in lines)
    assert any(line.startswith("undecided image_gen_backends") for line in lines)
    assert "sealed on apply" in outcome.err
    assert "sk-in-the-file" not in outcome.out + outcome.err


def test_a_file_that_is_there_is_replaced_only_by_force(call: Call, old: Path) -> None:
    there = old.with_name("old.migrated.yaml")
    there.write_text("mine")

    refused = call("migrate", "-f", str(old))

    assert (refused.exit_code, there.read_text()) == (2, "mine")
    assert "--force" in refused.err
    assert call("migrate", "-f", str(old), "--force").exit_code == 0
    assert there.read_text() != "mine"


def test_the_document_goes_to_standard_output_alone(call: Call, old: Path) -> None:
    outcome = call("migrate", "-f", str(old), "--stdout")

    assert parse_workspace(parse_text(outcome.out)).routing.model_cards[0].name == "fast"
    assert not old.with_name("old.migrated.yaml").exists()


def test_the_report_in_json_names_paths_and_never_values(call: Call, old: Path) -> None:
    outcome = call("migrate", "-f", str(old), "--check", "--output", "json")

    report = json.loads(outcome.out)
    assert outcome.exit_code == 1
    assert (report["layout"], report["changed"], report["written_to"], report["faults"]) == ("legacy", True, "", [])
    assert {"old_path": "default_model", "new_path": "providers.defaults.default_model", "why": ""} in report["moved"]
    assert report["inline_credentials"] == ["providers.models[0].backend_refs[0].api_key"]
    assert "sk-in-the-file" not in outcome.out


def test_the_report_and_the_document_do_not_share_standard_output(call: Call, old: Path) -> None:
    assert call("migrate", "-f", str(old), "--stdout", "--output", "json").exit_code == 2


def test_a_canonical_document_needs_nothing(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(CANONICAL)

    outcome = call("migrate", "-f", str(file))

    assert (outcome.exit_code, outcome.err) == (0, "")
    assert "nothing to do" in outcome.out
    assert list(tmp_path.glob("*.migrated.yaml")) == []
    assert call("migrate", "-f", str(file), "--stdout").out == CANONICAL
    assert call("migrate", "-f", str(file), "--check").exit_code == 0


def test_a_result_with_faults_is_written_and_its_faults_are_listed(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    file.write_text('{"default_model": "fast", "listeners": [{"name": "http", "address": "nowhere", "port": 1}]}')

    outcome = call("migrate", "-f", str(file))

    assert outcome.exit_code == 1
    assert "listeners[0].address" in outcome.err
    assert json.loads(file.with_name("old.migrated.json").read_text())["version"] == "v0.3"


@pytest.mark.parametrize("text", ["static_resources: {}\n", "a: [\n", ""])
def test_a_file_that_is_no_routers_is_refused(call: Call, tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.yaml"
    file.write_text(text)

    outcome = call("migrate", "-f", str(file))

    assert outcome.exit_code == 1
    assert "cannot be migrated" in outcome.err


def test_variables_stay_references(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "litellm.yaml"
    file.write_text(
        "model_list: [{model_name: a, litellm_params: {model: hosted_vllm/a, "
        "api_base: os.environ/BASE, api_key: os.environ/KEY}}]"
    )

    outcome = call("migrate", "-f", str(file), "--to", "-")

    assert outcome.exit_code == 0
    assert "base_url: ${BASE}" in outcome.out
    assert "api_key_env: KEY" in outcome.out
