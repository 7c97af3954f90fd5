"""What must hold between the parts of a decision's algorithm, and between them and the models it may choose from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contract.faults import FaultLog, shown, under
from contract.plain_values import text
from contract.routing.algorithms import ALGORITHM_BLOCKS, ALGORITHM_TYPES, LEARNING
from contract.routing.catalogue import Catalogue
from contract.routing.looper_rules import (
    check_confidence,
    check_fusion,
    check_remom,
    check_workflows,
)

_NEEDS_ITS_BLOCK: Final = ("latency_aware", "prompt")
_WEIGHTS_OF_HYBRID: Final = ("experience_weight", "router_dc_weight", "automix_weight", "cost_weight")
_READS_TEXT: Final = ("", "text", "ar", "both", "multimodal")


@dataclass(frozen=True, slots=True)
class Candidates:
    """The models that a decision may choose from, in its order, and the document's models around them."""

    refs: tuple[dict[str, Any], ...]
    catalogue: Catalogue

    def models(self) -> dict[str, None]:
        """Their names, each once."""
        return dict.fromkeys(text(ref, "model") for ref in self.refs)


_Check = Callable[[dict[str, Any], str, Candidates, FaultLog], None]


def check_algorithm(algorithm: dict[str, Any], path: str, candidates: Candidates, log: FaultLog) -> None:
    """The rules of one fitted `algorithm`, the one at `path`."""
    _check_blocks(algorithm, path, log)
    for name, check in _CHECKS.items():
        block = algorithm.get(name)
        if isinstance(block, dict):
            check(block, under(path, name), candidates, log)
    if text(algorithm, "type") == "prompt":
        _check_prompt_candidates(algorithm, path, candidates, log)


def _check_blocks(algorithm: dict[str, Any], path: str, log: FaultLog) -> None:
    kind, blocks = text(algorithm, "type"), [block for block in ALGORITHM_BLOCKS if block in algorithm]
    if "type" not in algorithm:
        remedy = f"use one of: {', '.join(ALGORITHM_TYPES)}; what learns across requests is in {LEARNING}"
        log.add(under(path, "type"), "required", "algorithm.type is required", remedy)
    elif len(blocks) > 1:
        message = f"algorithm.type={shown(kind)} cannot be combined with multiple algorithm config blocks"
        log.add(path, "conflict", f"{message}: {', '.join(blocks)}", "keep the block of the type")
    elif blocks and kind in ALGORITHM_TYPES and blocks[0] != kind:
        _refuse_block(kind, blocks[0], path, log)
    elif kind in _NEEDS_ITS_BLOCK and not blocks:
        message = f"algorithm.type={kind} requires algorithm.{kind} configuration"
        log.add(under(path, kind), "required", message, "add the block")


def _refuse_block(kind: str, block: str, path: str, log: FaultLog) -> None:
    if kind in ALGORITHM_BLOCKS:
        message = f"algorithm.type={kind} requires algorithm.{kind} configuration; found algorithm.{block}"
    else:
        message = f"algorithm.type={kind} cannot be used with algorithm.{block} configuration"
    log.add(under(path, block), "conflict", message, f"write type: {block}, or take the block out")


def _check_latency(block: dict[str, Any], path: str, _: Candidates, log: FaultLog) -> None:
    if "tpot_percentile" not in block and "ttft_percentile" not in block:
        message = "must specify at least one of tpot_percentile (1-100) or ttft_percentile (1-100)"
        log.add(path, "required", message, "give both for the whole picture")


def _check_hybrid(block: dict[str, Any], path: str, _: Candidates, log: FaultLog) -> None:
    earlier = under(path, "elo_weight")
    if "elo_weight" in block and "experience_weight" in block:
        log.add(earlier, "conflict", "is the earlier name of experience_weight, which stands beside it", "take it out")
    elif "elo_weight" in block:
        log.warn(earlier, "deprecated", "is the earlier name of experience_weight", "write experience_weight")
        block = {**block, "experience_weight": block["elo_weight"]}
    if all(block.get(weight) == 0 for weight in _WEIGHTS_OF_HYBRID):
        log.add(path, "value", "hybrid weights are all zero", "give at least one a value above 0")


def _check_router_dc(block: dict[str, Any], path: str, candidates: Candidates, log: FaultLog) -> None:
    if block.get("require_descriptions") is not True:
        return
    for model in candidates.models():
        card = candidates.catalogue.cards.get(model)
        if card is not None and not text(card, "description").strip():
            message = f"require_descriptions is set, and the card of {shown(model)} has no description"
            log.add(under(path, "require_descriptions"), "required", message, "describe the model on its card")


def _check_prompt(block: dict[str, Any], path: str, candidates: Candidates, log: FaultLog) -> None:
    """The helper that chooses is a model of the document that can be asked in text."""
    model, at, catalogue = text(block, "model"), under(path, "model"), candidates.catalogue
    if not model or not catalogue.cards:
        return
    card = catalogue.cards.get(model)
    if card is None:
        log.add(at, "reference", f"{shown(model)} is not declared in routing.modelCards", "name a card")
        return
    if text(card, "modality").strip().lower() not in _READS_TEXT:
        log.add(at, "value", f"{shown(model)} must be of a text modality to choose by prompt", "name another model")
    if model in catalogue.auto_names:
        log.add(at, "conflict", f"{shown(model)} is an auto-model alias", "name a model that answers itself")
    provider = catalogue.providers.get(model, {})
    if text(provider, "api_format") == "anthropic":
        log.add(at, "value", f"{shown(model)} must speak an OpenAI-compatible API format", "name another model")
    if not provider.get("backend_refs"):
        log.add(at, "reference", f"{shown(model)} has no backend in providers.models", "give it backend_refs")


def _check_prompt_candidates(algorithm: dict[str, Any], path: str, candidates: Candidates, log: FaultLog) -> None:
    on_error = text(algorithm, "on_error")
    if on_error not in ("", "fallback"):
        log.add(under(path, "on_error"), "value", "algorithm.type=prompt on_error must be fallback", "write that")
    if len(candidates.refs) < 2:
        message = "algorithm.type=prompt requires at least two modelRefs"
        log.add(path, "required", message, "add candidates, or take the algorithm out")
    models = Counter(text(ref, "model") for ref in candidates.refs)
    answering = Counter(text(ref, "lora_name") or text(ref, "model") for ref in candidates.refs)
    twice = next((name for name, times in (*models.items(), *answering.items()) if name and times > 1), None)
    if twice is not None:
        message = f"algorithm.type=prompt requires unique modelRefs; {shown(twice)} is there twice"
        log.add(path, "duplicate", message, "keep one of them")


_CHECKS: Final[Mapping[str, _Check]] = {
    "latency_aware": _check_latency,
    "hybrid": _check_hybrid,
    "router_dc": _check_router_dc,
    "prompt": _check_prompt,
    "confidence": lambda block, path, candidates, log: check_confidence(block, path, log),
    "fusion": lambda block, path, candidates, log: check_fusion(block, path, log),
    "remom": lambda block, path, candidates, log: check_remom(block, path, candidates.models(), log),
    "workflows": lambda block, path, candidates, log: check_workflows(block, path, candidates.models(), log),
}
