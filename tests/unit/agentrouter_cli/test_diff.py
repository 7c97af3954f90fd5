"""`diff`: by meaning as the product tells it, line by line, and what an exit code says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from agentrouter.management.v1 import documents_pb2 as documents
from tests.fakes.product import FakeProduct
from tests.unit.agentrouter_cli.conftest import Call
from tests.unit.agentrouter_cli.test_apply import DOCUMENT


def difference(path: str, kind: str, old: str = "", new: str = "") -> documents.DocumentDifference:
    return documents.DocumentDifference(path=path, kind=f"DIFFERENCE_KIND_{kind}", old_value=old, new_value=new)


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    backend = {"base_url": "http://127.0.0.1:1/v1", "api_key": "sk-upstream-secret"}
    document = {**DOCUMENT, "providers": {"models": [{"name": "demo", "backend_refs": [backend]}]}}
    (tmp_path / "changed.json").write_text(json.dumps(document))
    return tmp_path / "changed.json"


def test_every_kind_of_difference_is_a_line_with_its_mark(product: FakeProduct, cli: Call, changed: Path) -> None:
    product.differences += [
        difference("providers.models['new']", "ADDED", new='{"name": "new"}'),
        difference("listeners['old']", "REMOVED", old='{"name": "old"}'),
        difference("listeners['public'].port", "CHANGED", "1", "2"),
        difference("providers.models", "MOVED", '["a", "b"]', '["b", "a"]'),
        difference("providers.models[0].backend_refs[0].api_key", "RENEWED"),
    ]

    outcome = cli("diff", "-f", str(changed))

    assert (outcome.exit_code, outcome.out.splitlines()) == (
        0,
        [
            "workspace document, against version 4:",
            '+ providers.models[\'new\']: {"name": "new"}',
            '- listeners[\'old\']: {"name": "old"}',
            "~ listeners['public'].port: 1 -> 2",
            '> providers.models: ["a", "b"] -> ["b", "a"]',
            "* providers.models[0].backend_refs[0].api_key: the credential given takes the place of the stored one",
        ],
    )


def test_a_long_value_is_cut_for_people_and_whole_for_programs(product: FakeProduct, cli: Call, changed: Path) -> None:
    product.differences.append(difference("routing", "CHANGED", "1", json.dumps("x" * 500)))

    shown, data = cli("diff", "-f", str(changed)), cli("diff", "-f", str(changed), "-o", "json")

    assert max(len(line) for line in shown.out.splitlines()) < 130
    (one,) = json.loads(data.out)["documents"][0]["differences"]
    assert one == {"path": "routing", "kind": "CHANGED", "old": 1, "new": "x" * 500}


def test_an_earlier_version_may_be_compared_with(product: FakeProduct, cli: Call, changed: Path) -> None:
    outcome = cli("diff", "-f", str(changed), "--version", "2", "-o", "json")

    (asked,) = product.asked_for(documents.DiffDocumentRequest)
    assert (asked.version, json.loads(outcome.out)["documents"][0]["against_version"]) == (2, 2)


def test_nothing_different_is_said_and_is_exit_code_0(cli: Call, changed: Path) -> None:
    outcome = cli("diff", "-f", str(changed), "--exit-code")

    assert (outcome.exit_code, outcome.out) == (0, "workspace document: no difference\n")


def test_a_difference_is_exit_code_1_when_that_is_asked_for(product: FakeProduct, cli: Call, changed: Path) -> None:
    product.differences.append(difference("version", "CHANGED", "1", "2"))

    assert cli("diff", "-f", str(changed)).exit_code == 0
    assert cli("diff", "-f", str(changed), "--exit-code").exit_code == 1


def test_what_the_product_would_refuse_is_exit_code_1_with_every_fault(
    product: FakeProduct, cli: Call, changed: Path
) -> None:
    product.faults.append(documents.DocumentFault(path="routing", code="unsupported", message="is not run yet"))

    outcome = cli("diff", "-f", str(changed), "--output", "json")

    assert outcome.exit_code == 1
    assert json.loads(outcome.out)["documents"][0]["faults"][0]["path"] == "routing"
    assert "is not run yet" in outcome.err


def test_lines_of_text_show_what_changes_and_no_credential(product: FakeProduct, cli: Call, changed: Path) -> None:
    product.source[""] = json.dumps(DOCUMENT)

    outcome = cli("diff", "-f", str(changed), "--text")

    assert outcome.exit_code == 0
    assert "api_key: (a credential given inline" in outcome.out
    assert "sk-upstream-secret" not in outcome.out + outcome.err


def test_in_lines_of_text_the_order_of_keys_is_no_difference(product: FakeProduct, cli: Call, tmp_path: Path) -> None:
    product.source[""] = json.dumps(DOCUMENT)
    (tmp_path / "same.yaml").write_text(yaml.safe_dump(dict(reversed(DOCUMENT.items())), sort_keys=False))

    outcome = cli("diff", "-f", str(tmp_path / "same.yaml"), "--text", "--exit-code")

    assert (outcome.exit_code, "no difference" in outcome.out) == (0, True)
