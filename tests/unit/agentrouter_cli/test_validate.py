"""`validate`: everything found in a file, with its place, for people and for programs, and `schema` for editors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agentrouter.management.v1.documents_pb2 import DocumentFault
from tests.fakes.product import FakeProduct
from tests.unit.agentrouter_cli.conftest import Call

GOOD = """\
version: v0.3
providers:
  models:
    - name: demo
      backend_refs:
        - {endpoint: "${NOWHERE_SET_HOST:-h:1}", api_key_env: NOWHERE_SET_KEY, api_key: $NOWHERE_SET}
routing:
  modelCards: [{name: demo}]
"""
BAD = "version: v0.2\nrouting: {}\nmodel_config: {}\nlisteners:\n  - {name: a, address: x, port: 99999}\n"
KEYS = ["path", "code", "severity", "message", "remedy", "line", "column"]

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str, name: str = "workspace.yaml") -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return written


def test_it_needs_no_product_and_no_secrets(call: Call, write: Write) -> None:
    outcome = call("validate", "-f", write(GOOD.replace(", api_key: $NOWHERE_SET", "")))

    assert (outcome.exit_code, outcome.out, outcome.err) == (0, "valid\n", "")


def test_a_variable_that_is_not_set_is_a_warning_and_the_document_stays_valid(call: Call, write: Write) -> None:
    outcome = call("validate", "-f", write(GOOD), "-o", "json")

    (warning,) = json.loads(outcome.out)
    assert (outcome.exit_code, warning["severity"], warning["code"]) == (0, "warning", "environment")
    assert warning["path"] == "providers.models[0].backend_refs[0].api_key"


def test_json_is_a_list_of_findings_in_the_order_of_their_lines(call: Call, write: Write) -> None:
    outcome = call("validate", "-f", write(BAD), "--output", "json")

    found = json.loads(outcome.out)
    assert outcome.exit_code == 1
    assert [list(one) for one in found] == [KEYS] * 4
    assert [(one["path"], one["code"], one["line"], one["column"]) for one in found] == [
        ("version", "value", 1, 1),
        ("model_config", "deprecated", 3, 1),
        ("listeners[0].address", "value", 5, 15),
        ("listeners[0].port", "range", 5, 27),
    ]
    assert all(one["remedy"] for one in found)


def test_json_of_a_good_document_is_an_empty_list(call: Call, write: Write) -> None:
    outcome = call("validate", "-f", write("version: v0.3\nrouting: {}\n"), "-o", "json")

    assert (outcome.exit_code, json.loads(outcome.out)) == (0, [])


def test_with_several_files_each_finding_names_its_file(call: Call, write: Write) -> None:
    good, bad = write("version: consumer/v1\nconsumer_id: ada\n", "ada.yaml"), write(BAD)

    as_json, as_text = call("validate", "-f", good, "-f", bad, "-o", "json"), call("validate", "-f", good, "-f", bad)

    assert {one["file"] for one in json.loads(as_json.out)} == {bad}
    assert f"{good}: valid\n" in as_text.out
    assert as_text.exit_code == as_json.exit_code == 1


def test_people_see_file_line_and_column_and_the_way_out(call: Call, write: Write) -> None:
    file = write(BAD)

    outcome = call("validate", "-f", file)

    assert f"{file}:5:27: error: listeners[0].port: should be 65535 or less [range]\n" in outcome.out
    assert "    write a smaller number\n" in outcome.out
    assert outcome.err == f"error: {file} has 4 faults\n"


@pytest.mark.parametrize(
    ("text", "place"), [("a: [\n", ":2:1: error: "), ('{"a": }', ":1:7: error: "), ("a: 1\na: 2\n", ":2:1: error: ")]
)
def test_what_is_no_document_at_all_has_its_place_too(call: Call, write: Write, text: str, place: str) -> None:
    outcome = call("validate", "-f", write(text))

    assert (outcome.exit_code, place in outcome.out) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [("-f", "no/such/file"), (), ("--nonsense",), ("-f", "x", "-o", "xml"), ("-f", "x", "--fragment", "--user", "ada")],
)
def test_wrong_use_is_exit_code_2(call: Call, arguments: tuple[str, ...]) -> None:
    assert call("validate", *arguments).exit_code == 2


def test_a_fragment_needs_no_version_and_none_of_the_rest(call: Call, write: Write) -> None:
    plugin = write("plugin:\n  type: fast_response\n  configuration: {message: Later.}\n")

    assert call("validate", "-f", plugin).exit_code == 1
    assert call("validate", "--fragment", "-f", plugin).exit_code == 0
    assert call("validate", "--fragment", "-f", write("plugin:\n  type: telepathy\n")).out.count(":2:3: error: ") == 1


def test_no_finding_shows_a_credential(call: Call, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOWHERE_SET", "sk-secret\u2028")

    outcome = call("validate", "-f", write(GOOD), "-o", "json")

    assert outcome.exit_code == 1
    assert "sk-secret" not in outcome.out + outcome.err


def test_it_may_ask_the_product_too(product: FakeProduct, cli: Call, write: Write) -> None:
    product.faults.append(DocumentFault(path="routing", code="value", message="is not wanted here"))

    outcome = cli("validate", "-f", write(GOOD), "--server")

    assert (outcome.exit_code, "workspace.yaml:7:1: error: routing: is not wanted here" in outcome.out) == (1, True)


def test_what_is_faulty_is_not_sent_to_the_product(product: FakeProduct, cli: Call, write: Write) -> None:
    product.faults.append(DocumentFault(path="routing", code="value", message="is not wanted here"))

    assert "not wanted" not in cli("validate", "-f", write(BAD), "--server").out


def test_the_schema_is_printed_or_written(call: Call, tmp_path: Path) -> None:
    printed, written = call("schema"), call("schema", "--consumer", "--output", str(tmp_path / "consumer.json"))

    assert {"version", "listeners", "providers", "routing", "global"} <= set(json.loads(printed.out)["properties"])
    consumer = json.loads((tmp_path / "consumer.json").read_text())
    assert (written.exit_code, consumer["properties"]["version"]["const"]) == (0, "consumer/v1")


def test_a_schema_that_cannot_be_written_is_exit_code_2(call: Call, tmp_path: Path) -> None:
    assert call("schema", "--output", str(tmp_path / "no" / "where.json")).exit_code == 2
