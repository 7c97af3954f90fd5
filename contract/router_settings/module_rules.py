"""What must hold inside `global.model_catalog.modules`: a module that is on has what it needs to run."""

from __future__ import annotations

from typing import Any, Final

from contract.faults import FaultLog, under
from contract.plain_values import entries, section, text
from contract.router_settings.modules import GUARD_SWITCHES

_MODULES: Final = "global.model_catalog.modules"


def check_modules(catalog: dict[str, Any], log: FaultLog) -> None:
    modules = section(catalog, "modules")
    _check_guard(section(modules, "prompt_guard"), catalog, log)
    _check_detector(section(section(modules, "hallucination_mitigation"), "detector"), log)
    modality = section(modules, "modality_detector")
    if modality.get("enabled") is True:
        _check_modality(modality, f"{_MODULES}.modality_detector", log)


def _check_guard(guard: dict[str, Any], catalog: dict[str, Any], log: FaultLog) -> None:
    path = f"{_MODULES}.prompt_guard"
    for switch in GUARD_SWITCHES:
        if switch in guard:
            log.warn(
                under(path, switch), "deprecated", "was replaced by variant and protocol", "say one of them instead"
            )
    variant, protocol = text(guard, "variant").strip(), text(guard, "protocol").strip()
    if variant and protocol:
        message = "variant and protocol are mutually exclusive: a local model, or an external one"
        log.add(under(path, "protocol"), "conflict", message, "give one of the two")
    elif protocol and guard.get("enabled") is not False:
        _check_external_guard(catalog, under(path, "protocol"), log)


def _check_external_guard(catalog: dict[str, Any], path: str, log: FaultLog) -> None:
    models = (model for _, model in entries(catalog, "external", "") if text(model, "model_role") == "guardrail")
    external = next(models, None)
    if external is None:
        message = "requires an entry in global.model_catalog.external with model_role: guardrail"
        log.add(path, "reference", message, "describe one there, or choose a variant")
    elif not text(section(external, "llm_endpoint"), "address") or not text(external, "llm_model_name"):
        message = "requires llm_endpoint.address and llm_model_name of the external model with model_role: guardrail"
        log.add(path, "reference", message, "give both there")


def _check_detector(detector: dict[str, Any], log: FaultLog) -> None:
    if text(detector, "backend").strip().lower() != "endpoint":
        return
    path = f"{_MODULES}.hallucination_mitigation.detector"
    if not text(detector, "endpoint"):
        log.add(under(path, "endpoint"), "required", "is required when backend is endpoint", "write its URL")
    if not text(detector, "model_id") and detector.get("model_ref") == "":
        log.add(under(path, "model_id"), "required", "is required when backend is endpoint", "name the model")


def _check_modality(modality: dict[str, Any], path: str, log: FaultLog) -> None:
    method = text(modality, "method").strip()
    model = text(section(modality, "classifier"), "model_path")
    keywords = modality.get("keywords")
    if not method:
        log.add(under(path, "method"), "required", "is required", "write classifier, keyword or hybrid")
    if method == "classifier" and not model:
        log.add(f"{path}.classifier.model_path", "required", "is required by method classifier", "name the model")
    if method == "keyword" and not keywords:
        log.add(under(path, "keywords"), "required", "needs at least one entry for method keyword", "list them")
    if method == "hybrid" and not model and not keywords:
        log.add(path, "required", "needs classifier.model_path or keywords for method hybrid", "give one")
    if method in ("classifier", "hybrid") and not modality.get("confidence_threshold"):
        log.add(
            under(path, "confidence_threshold"),
            "required",
            f"is required by method {method}",
            "write one, for instance 0.6",
        )
    if method == "hybrid" and not modality.get("lower_threshold_ratio"):
        log.add(
            under(path, "lower_threshold_ratio"),
            "required",
            "is required by method hybrid",
            "write one, for instance 0.7",
        )
