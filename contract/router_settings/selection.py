"""How a model is chosen among a decision's candidates when the decision itself does not say."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AliasChoices, BeforeValidator, Field

from contract.faults import shown
from contract.fields import SAID, Part, refuse
from contract.router_settings.values import Amount, Line, Share, Whole

SelectionMethod = Literal[
    "knn",
    "kmeans",
    "svm",
    "mlp",
    "static",
    "router_dc",
    "automix",
    "hybrid",
    "multi_factor",
    "latency_aware",
    "prompt",
]


LEARNED_ELSEWHERE: Final = frozenset(
    {"session_aware", "lookup_tables", "elo", "rl_driven", "gmtrouter", "bandit", "personalization"}
)
"""Selectors that v0.3 removed."""

_LEARNING: Final = "what is learned across requests is global.router.learning.adaptation and protection now"


def _method(value: Any) -> Any:
    if value is None or (isinstance(value, str) and not value.strip()):
        raise refuse("required", "names no selector", f"leave it out for knn, or name one; {_LEARNING}")
    if isinstance(value, str) and value.strip() in LEARNED_ELSEWHERE:
        raise refuse(
            "deprecated",
            f"the selector {shown(value.strip())} was removed",
            f"leave method out or name another; {_LEARNING}",
        )
    return value


class RouterDcSelection(Part):
    temperature: Amount = 0.07
    dimension_size: Whole = 768
    min_similarity: Share = 0.3
    use_query_contrastive: bool = True
    use_model_contrastive: bool = True
    use_capabilities: bool = True
    require_descriptions: bool = False


class AutomixSelection(Part):
    verification_threshold: Share | None = None
    max_escalations: Whole | None = None
    cost_aware_routing: bool = False
    cost_quality_tradeoff: Share | None = None
    discount_factor: Share | None = None
    use_logprob_verification: bool = False


class HybridSelection(Part):
    """Weights of the selectors that are mixed. `elo_weight` is the earlier name of `experience_weight`."""

    experience_weight: Amount = Field(default=0.3, validation_alias=AliasChoices("experience_weight", "elo_weight"))
    router_dc_weight: Amount = 0.3
    automix_weight: Amount = 0.2
    cost_weight: Amount = 0.2
    quality_gap_threshold: Amount = 0.1
    normalize_scores: bool = True


class KnnModel(Part):
    k: Whole | None = None
    pretrained_path: Line = ""


class KmeansModel(Part):
    num_clusters: Whole | None = None
    efficiency_weight: Amount | None = None
    pretrained_path: Line = ""


class SvmModel(Part):
    kernel: Line = ""
    gamma: Amount | None = None
    pretrained_path: Line = ""


class MlpModel(Part):
    device: Line = ""
    pretrained_path: Line = ""


class TrainedSelection(Part):
    """Selectors that were trained elsewhere, each with the file of its model."""

    models_path: Line = ""
    embedding_dim: Whole | None = None
    knn: KnnModel = KnnModel()
    kmeans: KmeansModel = KmeansModel()
    svm: SvmModel = SvmModel()
    mlp: MlpModel = MlpModel()


class MomentumSelection(Part):
    enabled: bool = False
    attack: Share | None = None
    release: Share | None = None
    threshold: Share | None = None


class ModelSelection(Part):
    """The selector that decides when a decision names several models and no algorithm."""

    enabled: bool = True
    method: Annotated[SelectionMethod, BeforeValidator(_method), SAID] = "knn"
    router_dc: RouterDcSelection = RouterDcSelection()
    automix: AutomixSelection = AutomixSelection()
    hybrid: HybridSelection = HybridSelection()
    ml: TrainedSelection = TrainedSelection()
    momentum: MomentumSelection = MomentumSelection()
