"""Judgements: faults and warnings apart, with their places, whatever the source is."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract import (
    ContractError,
    Fault,
    Judgement,
    WorkspaceDocument,
    judge_consumer,
    judge_fragment,
    judge_workspace,
    parse_fragment,
)
from contract.faults import MOST_FAULTS, FaultLog
from tests.acceptance import FOLDER
from tests.unit.contract.documents import BASE, with_backend, with_value

GOOD = yaml.safe_dump(BASE, sort_keys=False)


def test_a_good_document_is_what_it_means() -> None:
    judged = judge_workspace(GOOD)

    assert judged.document is not None
    assert (judged.is_valid, judged.findings) == (True, ())
    assert judged.accepted() == judge_workspace(BASE).document


@pytest.mark.parametrize("written", [yaml.safe_dump, json.dumps])
def test_every_fault_has_its_line_and_column_where_the_source_is_a_text(written: Any) -> None:
    judged = judge_workspace(written({**BASE, "version": "v9", "listeners": [{"name": "a", "port": 0}]}))

    assert {fault.path for fault in judged.faults} == {"version", "listeners[0].port", "listeners[0].address"}
    assert all(fault.line and fault.column for fault in judged.faults)


def test_a_mapping_has_places_when_its_text_is_given() -> None:
    raw = {**BASE, "version": "v9"}

    assert judge_workspace(raw).faults[0].line is None
    assert judge_workspace(raw, yaml.safe_dump(raw, sort_keys=False)).faults[0].line == 1


def test_a_text_that_is_no_document_is_judged_like_any_other() -> None:
    (fault,) = judge_workspace("a: [\n").faults

    assert (fault.code, fault.line) == ("syntax", 2)
    assert str(fault).startswith("document: line 2, column 1: ")


def test_what_is_refused_raises_every_fault_when_the_document_is_asked_for() -> None:
    judged = judge_consumer({"version": "consumer/v1", "consumer_id": "", "groups": ["a", "a"]})

    with pytest.raises(ContractError) as refusal:
        judged.accepted()
    assert refusal.value.faults == judged.faults
    assert {fault.path for fault in judged.faults} == {"consumer_id", "groups[1]"}


def test_warnings_leave_a_document_valid_and_are_listed_between_the_faults() -> None:
    found = FaultLog()
    found.warn("b", "value", message="is odd")
    faults = (Fault("a", "value", "x"), Fault("c", "value", "y"))

    warned: Judgement[WorkspaceDocument] = Judgement(None, faults, found.warnings())

    assert [(one.path, one.severity) for one in warned.findings] == [("a", "error"), ("b", "warning"), ("c", "error")]
    assert Judgement(judge_workspace(BASE).accepted(), (), found.warnings()).is_valid


def test_a_fault_always_says_what_to_do() -> None:
    broken = with_backend(endpoint="h:0", base_url="ftp://x", weight="2", auth_header=":a", brand="new", api_key="ü")
    broken |= {"listeners": [{"name": " a ", "address": "x", "port": 99999, "timeout": "soon"}], "decisions": []}
    broken["providers"]["defaults"] = {"default_model": "fasst", "reasoning_families": {"a": {"type": "b"}}}

    faults = judge_workspace(broken).faults

    assert len(faults) >= 14
    assert [fault for fault in faults if not fault.remedy] == []


def test_every_fault_of_the_recorded_mutations_says_what_to_do(acceptance_folder: Path) -> None:
    recorded = json.loads((acceptance_folder / "semantic-router/derived/reject-mutations.json").read_text())

    for change in recorded["changes"]:
        judged = judge_workspace(json.dumps(_mutated(recorded["base"], change), indent=1))
        assert judged.faults, change["path"]
        assert all(fault.message and fault.remedy and fault.line and fault.column for fault in judged.faults)


@pytest.mark.parametrize(
    "file", sorted((FOLDER / "semantic-router/fragments").rglob("*.yaml")), ids=lambda file: file.stem
)
def test_the_recorded_fragments_are_accepted(file: Path) -> None:
    assert judge_fragment(file.read_bytes()).faults == ()


@pytest.mark.parametrize(
    "fragment",
    [
        {"providers": {"models": [{"name": "a", "reasoning_family": "b", "pricing": {"prompt_per_1m": 1}}]}},
        {"providers": {"defaults": {"default_model": "a"}}},
        {"listeners": BASE["listeners"]},
        {"routing": {"modelCards": [{"name": "a"}]}},
    ],
)
def test_a_fragment_is_judged_without_what_only_the_rest_can_tell(fragment: dict[str, Any]) -> None:
    assert judge_fragment(fragment).faults == ()
    assert parse_fragment(fragment).version == "v0.3"


@pytest.mark.parametrize(
    ("fragment", "path"),
    [
        ({"listeners": [{"name": "a", "address": "127.0.0.1"}]}, "listeners[0].port"),
        ({"version": "v0.2", "routing": {}}, "version"),
        ({"routing": {"modelCards": [{"name": "a"}]}, "providers": {"defaults": {"default_model": "b"}}}, "providers"),
        ({"routing": {"modelCard": []}}, "routing.modelCard"),
        ({"lissteners": []}, "lissteners"),
        ({"routing": {"signals": {"taxonomy": {}}}}, "routing.signals.taxonomy"),
    ],
)
def test_what_a_fragment_holds_itself_is_judged(fragment: dict[str, Any], path: str) -> None:
    (fault,) = judge_fragment(fragment).faults

    assert fault.path.startswith(path)


def test_the_paths_of_a_fragment_are_those_of_its_own_text() -> None:
    text = "algorithm:\n  type: telepathy\n"

    (fault,) = judge_fragment(text).faults

    assert (fault.path, fault.line) == ("algorithm.type", 2)


@pytest.mark.parametrize(
    "text",
    [
        b"x" * 10_000_000,
        b"a: " * 3_000_000,
        b"[" * 10_000_000,
        b"{" * 3_000_000,
        '{"a":' * 700_000,
        '{"a":[' + "1," * 1_900_000 + "1]}",
        "version: v0.3\nrouting: {}\nglobal: {" + ", ".join(f"k{n}: {n}" for n in range(90_000)) + "}\n",
        json.dumps({**BASE, "listeners": [{"\ud800" * 20: "x"}] * 5_000}),
        json.dumps(with_value("providers.models", [{"name": f"model-{n:060}"} for n in range(20_000)])),
    ],
    ids=lambda text: f"{len(text)}-{text[:12]!r}",
)
def test_a_text_however_large_and_wrong_gives_a_list_of_faults(text: str | bytes) -> None:
    judged = judge_workspace(text)

    assert 1 <= len(judged.faults) <= MOST_FAULTS + 1
    assert all(fault.message and fault.remedy for fault in judged.faults)


def _mutated(document: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    mutated = copy.deepcopy(document)
    *way, last = change["path"].split(".")
    node: Any = mutated
    for step in way:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, [{}] if step == "decisions" else {})
    node[int(last) if isinstance(node, list) else last] = change["value"]
    return mutated
