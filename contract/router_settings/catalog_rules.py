"""What must hold inside `global.model_catalog`: references to models that exist, knowledge bases that fit together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final, NamedTuple

from contract.faults import FaultLog, shown, under
from contract.plain_values import entries, section, text
from contract.router_settings.model_catalog import SystemModels
from contract.spelling import nearest

_CATALOG: Final = "global.model_catalog"
_SYSTEM_MODELS: Final[dict[str, str]] = SystemModels().model_dump()
_BUILT_IN_METRICS: Final = ("best_score", "best_matched_score")
_OWN: Final = "give it a name of its own"
_FOLDER: Final = "name a folder under the router's own configuration"
_SERVICE: Final = "name the service and its model, or another backend"
_CLASSIC_BERT: Final = frozenset(
    f"{folder}{name}"
    for folder in ("", "models/", "sentence-transformers/")
    for name in ("all-MiniLM-L12-v2", "embedding-light", "bert-light", "mom-embedding-light")
)


class ModuleWithModel(NamedTuple):
    """A module that runs a model: where it stands under `modules`, and the system model it takes by default."""

    way: tuple[str, ...]
    default_ref: str


MODULES_WITH_MODELS: Final = (
    ModuleWithModel(("prompt_guard",), "prompt_guard"),
    ModuleWithModel(("classifier", "domain"), "domain_classifier"),
    ModuleWithModel(("classifier", "pii"), "pii_classifier"),
    ModuleWithModel(("hallucination_mitigation", "fact_check"), "fact_check_classifier"),
    ModuleWithModel(("hallucination_mitigation", "detector"), "hallucination_detector"),
    ModuleWithModel(("hallucination_mitigation", "explainer"), "hallucination_explainer"),
    ModuleWithModel(("feedback_detector",), "feedback_detector"),
)


def check_catalog(catalog: dict[str, Any], log: FaultLog) -> None:
    _check_model_refs(catalog, log)
    _check_external(catalog, log)
    _check_embeddings(section(section(catalog, "embeddings"), "semantic"), log)
    seen: set[str] = set()
    for path, base in entries(catalog, "kbs", f"{_CATALOG}.kbs"):
        _check_knowledge_base(base, path, seen, log)


def _check_model_refs(catalog: dict[str, Any], log: FaultLog) -> None:
    system = {**_SYSTEM_MODELS, **section(catalog, "system")}
    for way, default_ref in MODULES_WITH_MODELS:
        module, path = section(catalog, "modules"), f"{_CATALOG}.modules"
        for step in way:
            module, path = section(module, step), under(path, step)
        ref = module.get("model_ref", default_ref)
        if not isinstance(ref, str) or not ref or module.get("model_id"):
            continue
        if ref not in system:
            meant = nearest(ref, _SYSTEM_MODELS)
            way_out = f"did you mean {meant!r}?" if meant else f"known are {', '.join(_SYSTEM_MODELS)}"
            log.add(under(path, "model_ref"), "reference", f"unknown model_ref {shown(ref)}", way_out)
        elif not system[ref]:
            message = f"model_ref {shown(ref)} is not configured in {_CATALOG}.system"
            log.add(under(path, "model_ref"), "reference", message, "give model_id, or clear model_ref too")


def _check_external(catalog: dict[str, Any], log: FaultLog) -> None:
    first: dict[str, str] = {}
    for path, model in entries(catalog, "external", f"{_CATALOG}.external"):
        name = text(model, "name")
        if name and name in first:
            log.add(under(path, "name"), "duplicate", f"is a duplicate name {shown(name)}, as in {first[name]}", _OWN)
        first.setdefault(name, path)


def _check_embeddings(semantic: dict[str, Any], log: FaultLog) -> None:
    path = f"{_CATALOG}.embeddings.semantic"
    if text(semantic, "mmbert_model_path") in _CLASSIC_BERT:
        message = "names a classic BERT model, which the mmBERT loader cannot read"
        log.add(under(path, "mmbert_model_path"), "value", message, "give it as bert_model_path")
    if "embedding_config" in semantic and "hnsw_config" in semantic:
        message = "is the earlier name of embedding_config, which stands beside it"
        log.add(under(path, "hnsw_config"), "conflict", message, "merge the two")
    tuning_key = "hnsw_config" if "hnsw_config" in semantic else "embedding_config"
    tuning, endpoint = section(semantic, tuning_key), section(semantic, "endpoint")
    backend, model_type = text(tuning, "backend").strip().lower(), text(tuning, "model_type").strip().lower()
    if backend != "openai_compatible" and not (model_type == "remote" and not backend):
        return
    for key in ("base_url", "model"):
        if not text(endpoint, key):
            log.add(f"{path}.endpoint.{key}", "required", "is required for embeddings that a service makes", _SERVICE)
    if model_type not in ("", "remote"):
        message = f"is {shown(model_type)}, but a service makes the embeddings"
        log.add(f"{path}.{tuning_key}.model_type", "conflict", message, "write remote")
    dimensions, target = endpoint.get("dimensions"), tuning.get("target_dimension")
    if dimensions and target and dimensions != target:
        message = f"should be the target_dimension of {tuning_key}"
        log.add(f"{path}.endpoint.dimensions", "conflict", message, "write the same number in both places")


def _check_knowledge_base(base: dict[str, Any], path: str, seen: set[str], log: FaultLog) -> None:
    name, source = text(base, "name"), text(section(base, "source"), "path")
    if name in seen and name:
        log.add(under(path, "name"), "duplicate", f"duplicate kb name {shown(name)}", _OWN)
    seen.add(name)
    if isinstance(base.get("source"), dict) and "path" in base["source"] and not source:
        log.add(f"{path}.source.path", "required", "source.path cannot be empty", _FOLDER)
    if PurePosixPath(source).is_absolute():
        message = "absolute source.path is not allowed"
        log.add(f"{path}.source.path", "value", message, _FOLDER)
    groups = section(base, "groups")
    for group, labels in groups.items():
        _check_group(labels, under(under(path, "groups"), group), log)
    _check_metrics(base, groups, path, log)


def _check_group(labels: Any, path: str, log: FaultLog) -> None:
    if labels == []:
        log.add(path, "required", "must include at least one label", "name labels, or take the group out")
    for label in _repeated(labels if isinstance(labels, list) else []):
        log.add(path, "duplicate", f"names the label {shown(label)} more than once", "keep one of them")


def _repeated(labels: list[Any]) -> Iterator[str]:
    seen: set[str] = set()
    for label in labels:
        if isinstance(label, str):
            if label in seen:
                yield label
            seen.add(label)


def _check_metrics(base: dict[str, Any], groups: dict[str, Any], path: str, log: FaultLog) -> None:
    seen = set(_BUILT_IN_METRICS)
    for at, metric in entries(base, "metrics", under(path, "metrics")):
        name = text(metric, "name")
        if name and name in seen:
            log.add(under(at, "name"), "duplicate", f"duplicate metric name {shown(name)}", _OWN)
        seen.add(name)
        for key in ("positive_group", "negative_group"):
            group = text(metric, key)
            if group not in groups:
                known = f"known are {', '.join(shown(one) for one in list(groups)[:20])}" if groups else "declare it"
                log.add(under(at, key), "reference", f"references unknown {key} {shown(group)}", known)
