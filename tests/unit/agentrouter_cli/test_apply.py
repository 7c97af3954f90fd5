"""`apply`: what is sent, what is waited for, and the exit code."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from connectrpc.code import Code
from google.rpc import error_details_pb2

from agentrouter.configurator.v1.configurations_pb2 import Configuration, DataplaneVersions, RevertedSlot
from agentrouter.management.v1 import dataplanes_pb2
from agentrouter.management.v1.documents_pb2 import DocumentFault, PutDocumentRequest
from tests.fakes.product import FakeProduct, failure
from tests.unit.agentrouter_cli.conftest import Call

DOCUMENT: dict[str, Any] = {
    "version": "v0.3",
    "listeners": [{"name": "public", "address": "127.0.0.1", "port": 12582}],
    "providers": {"models": [{"name": "demo", "backend_refs": [{"base_url": "http://127.0.0.1:1/v1"}]}]},
    "routing": {"modelCards": [{"name": "demo"}]},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "workspace.yaml"
    path.write_text(yaml.safe_dump(DOCUMENT))
    return path


def stored(product: FakeProduct, *dataplanes: DataplaneVersions, user_id: str = "") -> None:
    product.configurations.append(
        Configuration(
            workspace_id="ws_1", user_id=user_id, version=3, revision=7, digest="ab" * 32, dataplanes=dataplanes
        )
    )


def test_a_version_that_every_data_plane_proved_is_exit_code_0(product: FakeProduct, cli: Call, file: Path) -> None:
    stored(product, DataplaneVersions(dataplane_id="dp_1", desired_version=3, applied_version=3, running_version=3))

    outcome = cli("apply", "-f", str(file), "--reason", "why not", "--output", "json")

    answer = json.loads(outcome.out)
    put = product.asked_for(PutDocumentRequest)[0]
    assert (outcome.exit_code, answer["outcome"]) == (0, "applied")
    assert answer["documents"][0]["dataplanes"][0]["state"] == "applied"
    assert (json.loads(put.content), put.reason, put.validate_only) == (DOCUMENT, "why not", False)


def test_a_version_that_a_data_plane_refused_is_exit_code_1_with_its_reason(
    product: FakeProduct, cli: Call, file: Path
) -> None:
    refused = DataplaneVersions(
        dataplane_id="dp_1",
        desired_version=3,
        applied_version=2,
        rejected_version=3,
        rejected_reason="Address already in use",
    )
    stored(product, refused)

    outcome = cli("apply", "-f", str(file))

    assert outcome.exit_code == 1
    assert "Address already in use" in outcome.err
    assert "REFUSED" in outcome.out


@pytest.mark.parametrize(("way", "exit_code"), [((3, 2), 1), ((4, 2), 1), ((4, 3), 0), ((2, 1), 0)], ids=str)
def test_a_version_that_a_data_plane_took_back_is_as_good_as_refused(
    product: FakeProduct, cli: Call, file: Path, way: tuple[int, int], exit_code: int
) -> None:
    back = RevertedSlot(slot="config/", from_version=way[0], to_version=way[1])
    stored(product, DataplaneVersions(dataplane_id="dp_1", applied_version=max(way[0], 3), reverted=back))

    assert cli("apply", "-f", str(file)).exit_code == exit_code


def test_a_refusal_of_an_older_version_is_not_taken_for_one_of_this(
    product: FakeProduct, cli: Call, file: Path
) -> None:
    stored(product, DataplaneVersions(dataplane_id="dp_1", applied_version=3, rejected_version=2))

    assert cli("apply", "-f", str(file)).exit_code == 0


def test_what_is_not_proven_in_time_is_exit_code_5_and_names_the_data_plane(
    product: FakeProduct, cli: Call, file: Path
) -> None:
    stored(product, DataplaneVersions(dataplane_id="dp_slow", desired_version=3, applied_version=2))

    outcome = cli("apply", "-f", str(file), "--timeout", "0")

    assert outcome.exit_code == 5
    assert "dp_slow" in outcome.err


def test_a_data_plane_that_is_offline_is_not_waited_for(product: FakeProduct, cli: Call, file: Path) -> None:
    stored(product, DataplaneVersions(dataplane_id="dp_1", applied_version=3), DataplaneVersions(dataplane_id="dp_off"))
    product.dataplanes.append(
        dataplanes_pb2.Dataplane(id="dp_off", connection=dataplanes_pb2.DATAPLANE_CONNECTION_OFFLINE)
    )

    outcome = cli("apply", "-f", str(file))

    assert outcome.exit_code == 0
    assert "dp_off is offline" in outcome.out


def test_no_wait_asks_nobody(product: FakeProduct, cli: Call, file: Path) -> None:
    stored(product, DataplaneVersions(dataplane_id="dp_1", applied_version=2))

    outcome = cli("apply", "-f", str(file), "--no-wait", "-o", "json")

    assert (outcome.exit_code, json.loads(outcome.out)["outcome"]) == (0, "stored")
    assert len(product.asked) == 1


def test_a_dry_run_stores_nothing(product: FakeProduct, cli: Call, file: Path) -> None:
    outcome = cli("apply", "-f", str(file), "--dry-run")

    assert (outcome.exit_code, product.asked_for(PutDocumentRequest)[0].validate_only) == (0, True)
    assert "would change" in outcome.out


def test_faults_are_listed_with_path_code_and_message(product: FakeProduct, cli: Call, file: Path) -> None:
    violation = error_details_pb2.BadRequest.FieldViolation(
        field="providers.models[0].name", description="does not match", reason="reference"
    )
    product.fail_with["PutDocument"] = failure(
        Code.INVALID_ARGUMENT,
        "the document has 1 fault",
        "DOCUMENT_INVALID",
        error_details_pb2.BadRequest(field_violations=[violation]),
    )

    outcome = cli("apply", "-f", str(file))

    assert outcome.exit_code == 1
    for word in ("providers.models[0].name", "reference", "does not match"):
        assert word in outcome.err


def test_faults_are_data_for_programs(product: FakeProduct, cli: Call, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("a: [")

    outcome = cli("apply", "-f", str(tmp_path / "broken.yaml"), "-o", "json")

    answer = json.loads(outcome.out)
    assert (outcome.exit_code, answer["outcome"], answer["faults"][0]["code"]) == (1, "refused", "syntax")


def test_variables_are_filled_in_and_an_unset_one_is_named(
    product: FakeProduct, cli: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-upstream")
    monkeypatch.delenv("NOT_THERE", raising=False)
    (tmp_path / "w.yaml").write_text("a: ${MY_KEY}\nb: ${NOT_THERE}\nc: ${NOT_THERE:-default}\nd: $$5\n")
    stored(product)

    outcome = cli("apply", "-f", str(tmp_path / "w.yaml"))

    content = json.loads(product.asked_for(PutDocumentRequest)[0].content)
    assert content == {"a": "sk-upstream", "b": "", "c": "default", "d": "$5"}
    assert outcome.err.count("NOT_THERE") == 1
    assert "sk-upstream" not in outcome.out + outcome.err


def test_a_consumers_document_says_whose_it_is(product: FakeProduct, cli: Call, file: Path, tmp_path: Path) -> None:
    (tmp_path / "alice.json").write_text('{"version": "consumer/v1", "consumer_id": "alice"}')
    stored(product)
    stored(product, user_id="alice")

    outcome = cli("apply", "-f", str(file), "-f", str(tmp_path / "alice.json"))

    assert outcome.exit_code == 0
    assert [put.user_id for put in product.asked_for(PutDocumentRequest)] == ["", "alice"]


def test_a_fault_in_the_last_of_several_files_stores_none(
    product: FakeProduct, cli: Call, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "alice.json").write_text('{"version": "consumer/v1", "consumer_id": "alice"}')
    product.faults.append(DocumentFault(path="models[0]", code="reference", message="is unknown"))

    outcome = cli("apply", "-f", str(file), "-f", str(tmp_path / "alice.json"))

    assert outcome.exit_code == 1
    assert product.asked_for(PutDocumentRequest) == []


def test_two_files_for_one_document_are_a_usage_error(cli: Call, file: Path) -> None:
    outcome = cli("apply", "-f", str(file), "-f", str(file))

    assert (outcome.exit_code, "workspace document" in outcome.err) == (2, True)


def test_a_document_of_somebody_else_than_user_says_is_a_usage_error(cli: Call, tmp_path: Path) -> None:
    (tmp_path / "alice.json").write_text('{"version": "consumer/v1", "consumer_id": "alice"}')

    assert cli("apply", "-f", str(tmp_path / "alice.json"), "--user", "bob").exit_code == 2


def test_a_file_that_is_not_there_is_a_usage_error(cli: Call) -> None:
    outcome = cli("apply", "-f", "not-there.yaml")

    assert (outcome.exit_code, "not-there.yaml" in outcome.err) == (2, True)


def test_standard_input_is_taken_for_a_dash(product: FakeProduct, cli: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(DOCUMENT).encode())))
    stored(product)

    assert cli("apply", "-f", "-").exit_code == 0
    assert json.loads(product.asked_for(PutDocumentRequest)[0].content) == DOCUMENT
