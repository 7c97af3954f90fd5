"""`get document`, `validate`: documents out of the product and against it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from agentrouter_cli.documents import as_yaml
from contract import escape_environment, expand_environment, parse_text
from tests.fakes.product import FakeProduct
from tests.unit.agentrouter_cli.conftest import Call
from tests.unit.agentrouter_cli.test_apply import DOCUMENT

texts = some.text(alphabet=some.sampled_from("$ {}:-aA0_.e+xnull~#'\"\n%@é"), max_size=12)
plain_values = some.recursive(
    some.none() | some.booleans() | some.integers(-(10**6), 10**6) | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(some.dictionaries(texts, plain_values, min_size=1, max_size=4))
def test_what_get_prints_is_what_apply_reads_back(document: dict[str, Any]) -> None:
    from_yaml = expand_environment(parse_text(as_yaml(document)), {})
    from_json = expand_environment(parse_text(json.dumps(escape_environment(document))), {})

    assert (from_yaml, from_json) == (document, document)


def test_the_source_document_is_printed_itself(product: FakeProduct, cli: Call) -> None:
    product.source[""] = json.dumps(DOCUMENT)

    as_json, as_text = cli("get", "document", "--output", "json"), cli("get", "document")

    assert json.loads(as_json.out) == DOCUMENT
    assert yaml.safe_load(as_text.out) == DOCUMENT


def test_a_document_that_is_not_there_is_exit_code_1(cli: Call) -> None:
    outcome = cli("get", "document", "--user", "nobody")

    assert (outcome.exit_code, outcome.out, "no document" in outcome.err) == (1, "", True)


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    backend = {"base_url": "http://127.0.0.1:1/v1", "api_key": "sk-upstream-secret"}
    document = {**DOCUMENT, "providers": {"models": [{"name": "demo", "backend_refs": [backend]}]}}
    (tmp_path / "changed.json").write_text(json.dumps(document))
    return tmp_path / "changed.json"
