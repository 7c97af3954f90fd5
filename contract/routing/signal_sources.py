"""What signals and projections need of `global.model_catalog`: knowledge bases, external models, an embedding model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contract.faults import FaultLog, shown, under
from contract.plain_values import entries, section, text
from contract.router_settings.knowledge_bases import DEFAULT_KNOWLEDGE_BASES
from contract.words import find_way_out

KBS: Final = "global.model_catalog.kbs"
EXTERNAL: Final = "global.model_catalog.external"
MODEL_TYPE: Final = "global.model_catalog.embeddings.semantic.embedding_config.model_type"
CLASSIFIES: Final = "classification"
MULTIMODAL: Final = "multimodal"
BUILT_IN_METRICS: Final = ("best_score", "best_matched_score")

_DEFAULT_KBS: Final = {base.name: base.model_dump(mode="json") for base in DEFAULT_KNOWLEDGE_BASES}


@dataclass(frozen=True, slots=True)
class SignalSources:
    """Knowledge bases and external models by name, as they are written, and the kind of embedding model."""

    kbs: Mapping[str, Mapping[str, Any]]
    external: Mapping[str, dict[str, Any]]
    embedding_type: str


def signal_sources(document: dict[str, Any]) -> SignalSources:
    """The sources of a fitted document; its list of knowledge bases replaces the built-in ones."""
    catalog = section(section(document, "global"), "model_catalog")
    semantic = section(section(catalog, "embeddings"), "semantic")
    tuning = section(semantic, "hnsw_config" if "hnsw_config" in semantic else "embedding_config")
    kbs = {text(base, "name"): base for _, base in entries(catalog, "kbs", "")} if "kbs" in catalog else _DEFAULT_KBS
    external = {text(model, "name"): model for _, model in entries(catalog, "external", "")}
    return SignalSources(kbs, external, text(tuning, "model_type").strip().lower())


def check_sources(routing: dict[str, Any], path: str, sources: SignalSources, log: FaultLog) -> None:
    """That what the signals and projections of a routing section name is there, and fit for it."""
    signals, at = section(routing, "signals"), under(path, "signals")
    for place, rule in entries(signals, "kb", under(at, "kb")):
        _check_kb(rule, place, sources, log)
    for place, rule in entries(signals, "classifiers", under(at, "classifiers")):
        if text(rule, "type") == "llm" and text(rule, "model"):
            _check_external(text(rule, "model"), under(place, "model"), sources, log)
    for place, rule in entries(signals, "embeddings", under(at, "embeddings")):
        if text(rule, "query_modality").strip().lower() == "image" and sources.embedding_type != MULTIMODAL:
            message = f"query_modality 'image' requires a multimodal embedding model in {MODEL_TYPE}"
            log.add(under(place, "query_modality"), "reference", message, "write multimodal there, or text here")
    for place, score in entries(section(routing, "projections"), "scores", f"{path}.projections.scores"):
        for input_at, source in entries(score, "inputs", under(place, "inputs")):
            if text(source, "type").strip().lower() == "kb_metric":
                _check_metric(source, input_at, sources, log)


def _base(name: str, path: str, sources: SignalSources, log: FaultLog) -> Mapping[str, Any]:
    """The named knowledge base; an empty one when there is none, which is a fault."""
    if name and name not in sources.kbs:
        remedy = find_way_out(name, sources.kbs, "declare it there")
        log.add(path, "reference", f"knowledge base {shown(name)} is not declared in {KBS}", remedy)
    return sources.kbs.get(name, {})


def _check_kb(rule: dict[str, Any], path: str, sources: SignalSources, log: FaultLog) -> None:
    base, target = _base(text(rule, "kb"), under(path, "kb"), sources, log), section(rule, "target")
    groups, group = base.get("groups", {}), text(target, "value")
    if text(target, "kind") == "group" and group and base and isinstance(groups, dict) and group not in groups:
        message = f"{shown(group)} is not a group of knowledge base {shown(text(rule, 'kb'))}"
        remedy = find_way_out(group, groups, "declare it there, or name a label")
        log.add(f"{path}.target.value", "reference", message, remedy)


def _check_metric(source: dict[str, Any], path: str, sources: SignalSources, log: FaultLog) -> None:
    base, metric = _base(text(source, "kb"), under(path, "kb"), sources, log), text(source, "metric")
    known = [*BUILT_IN_METRICS, *(text(own, "name") for _, own in entries(base, "metrics", ""))]
    if base and metric and metric not in known:
        message = f"{shown(metric)} is not a metric of knowledge base {shown(text(source, 'kb'))}"
        log.add(under(path, "metric"), "reference", message, find_way_out(metric, known))


def _check_external(name: str, path: str, sources: SignalSources, log: FaultLog) -> None:
    model = sources.external.get(name)
    if model is None:
        remedy = find_way_out(name, sources.external, "declare it there")
        log.add(path, "reference", f"external model {shown(name)} is not declared in {EXTERNAL}", remedy)
        return
    endpoint, what = section(model, "llm_endpoint"), f"external model {shown(name)} of {EXTERNAL}"
    if text(model, "model_role") != CLASSIFIES:
        log.add(path, "conflict", f"{what} must have the model_role {CLASSIFIES}", "give it that role")
    if not text(model, "llm_model_name").strip():
        log.add(path, "required", f"{what} requires llm_model_name", "say which model the service is to run")
    if not text(endpoint, "address").strip() or not endpoint.get("port"):
        log.add(path, "required", f"{what} requires llm_endpoint.address and port", "say where it is served")
