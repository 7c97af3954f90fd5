"""What signals name of the rest of a document, above all of `global.model_catalog`, is there and fit for it."""

from __future__ import annotations

from typing import Any

import pytest

from contract import ContractError, canonical_bytes, parse_workspace, read_workspace
from contract.faults import Fault
from contract.serving import unserved_parts
from tests.unit.contract.documents import BASE

JUDGE = {
    "name": "judge",
    "model_role": "classification",
    "llm_model_name": "m",
    "llm_endpoint": {"address": "judge", "port": 80},
}
LLM = {"name": "risk", "type": "llm", "model": "judge", "labels": ["A", "B"], "instructions": "Choose."}
LOCAL = {"name": "safety", "type": "local", "model_path": "models/x", "labels": ["SAFE", "BAD"]}
IMAGE = {"name": "photo", "threshold": 0.1, "candidates": ["x"], "query_modality": "image"}
KB = {"name": "own", "source": {"path": "own/"}, "groups": {"g": ["l"]}}
MULTIMODAL = {"embeddings": {"semantic": {"embedding_config": {"model_type": "multimodal"}}}}


def _kb(kb: str, kind: str = "group", value: str = "private") -> dict[str, Any]:
    return {"kb": [{"name": "k", "kb": kb, "target": {"kind": kind, "value": value}}]}


def _metric(kb: str, metric: str) -> dict[str, Any]:
    source = {"type": "kb_metric", "kb": kb, "metric": metric, "weight": 1}
    return {"scores": [{"name": "s", "method": "weighted_sum", "inputs": [source]}]}


def _document(catalog: dict[str, Any] | None = None, **routing: Any) -> dict[str, Any]:
    return {**BASE, "routing": {**BASE["routing"], **routing}, "global": {"model_catalog": catalog or {}}}


def _faults(document: dict[str, Any]) -> tuple[Fault, ...]:
    try:
        parse_workspace(document)
    except ContractError as refusal:
        return refusal.faults
    return ()


@pytest.mark.parametrize(
    "document",
    [
        _document(signals=_kb("privacy_kb")),
        _document(signals=_kb("mmlu_kb", "label", "whatever the manifest lists")),
        _document({"kbs": [KB]}, signals=_kb("own", value="g")),
        _document(projections=_metric("privacy_kb", "private_vs_public")),
        _document({"kbs": [KB]}, projections=_metric("own", "best_score")),
        _document({"external": [JUDGE]}, signals={"classifiers": [LLM]}),
        _document(MULTIMODAL, signals={"embeddings": [IMAGE]}),
    ],
)
def test_what_the_catalogue_holds_may_be_named(document: dict[str, Any]) -> None:
    assert _faults(document) == ()


@pytest.mark.parametrize(
    ("document", "path", "said"),
    [
        (_document(signals=_kb("privcy_kb")), "signals.kb[0].kb", "did you mean 'privacy_kb'?"),
        (_document({"kbs": [KB]}, signals=_kb("privacy_kb")), "signals.kb[0].kb", "'privacy_kb'"),
        (_document({"kbs": []}, signals=_kb("privacy_kb")), "signals.kb[0].kb", "declare it"),
        (_document(signals=_kb("privacy_kb", value="privte")), "signals.kb[0].target.value", "did you mean 'private'?"),
        (
            _document(projections=_metric("privacy_kb", "escalate_vs_keep")),
            "projections.scores[0].inputs[0].metric",
            "use one of: best_score",
        ),
        (_document(projections=_metric("ghost", "best_score")), "projections.scores[0].inputs[0].kb", "'ghost'"),
        (_document(signals={"classifiers": [LLM]}), "signals.classifiers[0].model", "'judge' is not declared"),
        (
            _document({"external": [{**JUDGE, "model_role": "guard"}]}, signals={"classifiers": [LLM]}),
            "signals.classifiers[0].model",
            "model_role classification",
        ),
        (
            _document({"external": [{**JUDGE, "llm_model_name": ""}]}, signals={"classifiers": [LLM]}),
            "signals.classifiers[0].model",
            "llm_model_name",
        ),
        (
            _document({"external": [{**JUDGE, "llm_endpoint": {"address": "x"}}]}, signals={"classifiers": [LLM]}),
            "signals.classifiers[0].model",
            "address and port",
        ),
        (_document(signals={"embeddings": [IMAGE]}), "signals.embeddings[0].query_modality", "multimodal"),
    ],
)
def test_what_the_catalogue_lacks_is_one_fault_at_the_place(document: dict[str, Any], path: str, said: str) -> None:
    (fault,) = _faults(document)

    assert fault.path == f"routing.{path}"
    assert said in str(fault)


def _with_recipe(**change: Any) -> dict[str, Any]:
    recipe = {"name": "r", "routing": {"signals": {"classifiers": [{**LOCAL, "name": "other", **change}]}}}
    return {**_document(signals={"classifiers": [LOCAL]}), "recipes": [recipe]}


def test_recipes_share_the_one_local_classifier() -> None:
    assert _faults(_with_recipe()) == ()


@pytest.mark.parametrize("change", [{"model_path": "y"}, {"labels": ["BAD", "SAFE"]}, {"use_cpu": True}])
def test_recipes_may_not_mean_another_local_classifier(change: dict[str, Any]) -> None:
    (fault,) = _faults(_with_recipe(**change))

    assert fault.path == "recipes[0].routing.signals.classifiers[0]"
    assert "routing.signals.classifiers[0]" in fault.message


def test_a_recipe_knows_its_own_signals_alone() -> None:
    leaf = {"type": "keyword", "name": "urgent"}
    own = {"keywords": [{"name": "urgent", "operator": "OR", "keywords": ["asap"]}]}
    recipe = {"name": "r", "routing": {"decisions": [{"name": "d", "rules": leaf}]}}

    (fault,) = _faults({**_document(signals=own), "recipes": [recipe]})

    assert fault.path == "recipes[0].routing.decisions[0].rules.name"


@pytest.mark.parametrize(
    ("modalities", "is_valid"),
    [(["ar", "diffusion"], True), (["omni"], True), (["ar"], False), (["diffusion", ""], False), ([], False)],
)
def test_a_decision_on_both_modalities_has_models_for_both(modalities: list[str], is_valid: bool) -> None:
    cards = [{"name": f"m{index}", "modality": modality} for index, modality in enumerate(modalities)]
    rules = {"operator": "AND", "conditions": [{"type": "modality", "name": "BOTH"}]}
    decision = {"name": "d", "rules": rules, "modelRefs": [{"model": card["name"]} for card in cards]}
    routing: dict[str, Any] = {
        "modelCards": [*BASE["routing"]["modelCards"], *cards],
        "signals": {"modality": [{"name": "BOTH"}]},
    }

    faults = _faults(_document(**routing, decisions=[decision]))

    assert [fault.path for fault in faults] == ([] if is_valid else ["routing.decisions[0].modelRefs"])


def test_signals_and_projections_are_valid_but_no_data_plane_runs_them_yet() -> None:
    document = parse_workspace(_document(signals=_kb("privacy_kb"), projections=_metric("privacy_kb", "best_score")))

    assert [fault.path for fault in unserved_parts(document)] == ["routing.signals", "routing.projections"]
    with pytest.raises(ContractError, match=r"routing\.signals"):
        read_workspace(canonical_bytes(document))
