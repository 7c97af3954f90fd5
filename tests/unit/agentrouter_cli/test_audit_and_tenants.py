"""`audit` and `admin create-tenant|list-tenants`: shown to people, stable for programs, and a broken chain fails."""

from __future__ import annotations

import json

from agentrouter.management.v1 import audit_pb2 as audit
from agentrouter.management.v1 import tenants_pb2 as tenants
from tests.fakes.product import FakeProduct
from tests.unit.agentrouter_cli.conftest import Call


def some_records(product: FakeProduct, count: int = 3) -> None:
    for number in range(count, 0, -1):
        made = audit.AuditRecord(
            sequence=number, actor="mk_1", action="document.put", subject="document/", origin="grpc 127.0.0.1:9"
        )
        made.details["version"] = str(number)
        product.audit_records.append(made)


def test_records_are_shown_newest_first_over_pages(product: FakeProduct, cli: Call) -> None:
    some_records(product)

    outcome = cli("audit", "list", "--action", "document.put", "--limit", "2")

    rows = [line.split() for line in outcome.out.splitlines() if "mk_1" in line]
    assert [row[0] for row in rows] == ["3", "2"]
    assert "version=3" in rows[0]
    assert product.asked_for(audit.ListAuditRecordsRequest)[0].action == "document.put"


def test_records_as_json_are_one_document(product: FakeProduct, cli: Call) -> None:
    some_records(product)

    outcome = cli("audit", "list", "-o", "json")

    found = json.loads(outcome.out)["records"]
    assert [record["sequence"] for record in found] == [3, 2, 1]
    assert found[0]["details"] == {"version": "3"}


def test_an_intact_audit_says_how_many_records_it_has(product: FakeProduct, cli: Call) -> None:
    outcome = cli("audit", "verify")

    assert outcome.exit_code == 0
    assert "intact: 7 records" in outcome.out


def test_a_broken_audit_fails_and_says_where(product: FakeProduct, cli: Call) -> None:
    product.audit_problem = "record 3 is missing"

    outcome = cli("audit", "verify")

    assert outcome.exit_code == 1
    assert "broken at record 3: record 3 is missing" in outcome.err


def test_a_new_tenants_key_stands_alone_on_the_last_line(product: FakeProduct, cli: Call) -> None:
    outcome = cli("admin", "create-tenant", "acme")

    assert outcome.out.splitlines()[-1] == "ak-first"
    assert product.asked_for(tenants.CreateTenantRequest)[0].name == "acme"


def test_tenants_are_listed(product: FakeProduct, cli: Call) -> None:
    assert "tn_1" in cli("admin", "list-tenants").out
    assert json.loads(cli("admin", "list-tenants", "-o", "json").out)["tenants"][0]["name"] == "default"


def test_a_rotation_of_the_master_key_ends_with_the_keys_fingerprint(product: FakeProduct, cli: Call) -> None:
    shown, data = cli("keys", "rotate"), cli("keys", "rotate", "-o", "json")

    assert shown.out.startswith("7 sealed values are under master key feedbeef")
    assert json.loads(data.out) == {
        "wrapped_count": 7,
        "total_count": 7,
        "fingerprint": "feedbeef",
        "done": True,
    }


def test_a_rotation_that_ends_early_says_to_call_again(product: FakeProduct, cli: Call) -> None:
    product.rotation_dies = True

    outcome = cli("keys", "rotate")

    assert outcome.exit_code == 1
    assert "call it again" in outcome.err
