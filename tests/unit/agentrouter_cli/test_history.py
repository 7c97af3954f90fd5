"""`history` and `rollback`: versions for people and programs, and a way back that is waited for like a put."""

from __future__ import annotations

import json

from connectrpc.code import Code
from google.rpc import error_details_pb2

from agentrouter.configurator.v1.configurations_pb2 import Configuration, DataplaneVersions
from agentrouter.management.v1 import documents_pb2 as documents
from tests.fakes.product import FakeProduct, failure
from tests.unit.agentrouter_cli.conftest import Call


def test_versions_are_shown_with_who_and_why(product: FakeProduct, cli: Call) -> None:
    product.versions += [
        documents.DocumentVersion(
            version=3, author="mk_1", reason="worse", configuration_version=8, restored_version=1
        ),
        documents.DocumentVersion(version=2, reason="cheaper"),
    ]

    outcome = cli("history", "--user", "ada")

    rows = [line.split() for line in outcome.out.splitlines()]
    assert [row for row in rows if row][-2:] == [
        ["3", "mk_1", "8", "restores", "1", "worse"],
        ["2", "(unknown)", "-", "-", "cheaper"],
    ]
    assert product.asked_for(documents.ListDocumentVersionsRequest)[0].user_id == "ada"


def test_the_removal_of_a_document_is_a_version(product: FakeProduct, cli: Call) -> None:
    product.versions.append(documents.DocumentVersion(version=4, author="mk_1", removed=True, reason="left"))

    assert cli("history", "--user", "ada").out.splitlines()[-2].split()[-4:] == ["removes", "the", "document", "left"]


def test_versions_for_programs_have_stable_names(product: FakeProduct, cli: Call) -> None:
    product.versions.append(documents.DocumentVersion(version=3, etag="etg_1", author="mk_1"))

    (one,) = json.loads(cli("history", "-o", "json").out)["versions"]

    assert (one["version"], one["etag"], one["author"], one["restored_version"]) == (3, "etg_1", "mk_1", 0)


def test_an_earlier_version_is_shown(product: FakeProduct, cli: Call) -> None:
    product.source[""] = "{}"

    cli("get", "document", "--version", "2")

    assert product.asked_for(documents.GetDocumentRequest)[0].version == 2


def test_a_rollback_is_waited_for_until_it_is_proven(product: FakeProduct, cli: Call) -> None:
    proven = DataplaneVersions(dataplane_id="dp_1", desired_version=9, applied_version=9, running_version=9)
    product.configurations.append(Configuration(version=9, dataplanes=[proven]))

    outcome = cli("rollback", "--to", "2", "--reason", "worse answers")

    (asked,) = product.asked_for(documents.RollbackDocumentRequest)
    assert (asked.version, asked.reason, asked.validate_only) == (2, "worse answers", False)
    assert outcome.exit_code == 0
    assert "went back to version 2" in outcome.out
    assert "applied and proven by 1 data plane" in outcome.out


def test_a_dry_run_shows_what_would_change(product: FakeProduct, cli: Call) -> None:
    changed = documents.DocumentDifference(
        path="version", kind=documents.DIFFERENCE_KIND_CHANGED, old_value="1", new_value="2"
    )
    product.differences.append(changed)

    outcome = cli("rollback", "--dry-run")

    (asked,) = product.asked_for(documents.RollbackDocumentRequest)
    assert (asked.version, asked.validate_only) == (0, True)
    assert "~ version: 1 -> 2" in outcome.out
    assert "would go back to version 3" in outcome.out


def test_a_rollback_for_programs_names_the_version_it_came_from(product: FakeProduct, cli: Call) -> None:
    outcome = cli("rollback", "--to", "2", "--no-wait", "--output", "json")

    answer = json.loads(outcome.out)
    assert (outcome.exit_code, answer["outcome"]) == (0, "stored")
    assert (answer["documents"][0]["file"], answer["documents"][0]["document_version"]) == ("version 2", 5)


def test_a_rollback_that_is_refused_is_exit_code_1_with_its_faults(product: FakeProduct, cli: Call) -> None:
    field = error_details_pb2.BadRequest.FieldViolation(field="providers", description="may only be sent elsewhere")
    details = error_details_pb2.BadRequest(field_violations=[field])
    refusal = failure(Code.FAILED_PRECONDITION, "does not compile", "DOES_NOT_COMPILE", details)
    product.fail_with["RollbackDocument"] = refusal

    outcome = cli("rollback", "--to", "2", "-o", "json")

    assert (outcome.exit_code, json.loads(outcome.out)["outcome"]) == (1, "refused")
    assert "may only be sent elsewhere" in outcome.err
