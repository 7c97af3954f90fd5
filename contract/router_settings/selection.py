"""How a model is chosen among a decision's candidates when the decision itself does not say."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator

from contract.faults import shown
from contract.fields import SAID, Part, Share, refuse, says
from contract.router_settings.values import Amount, Line, Whole
from contract.selectors import Hybrid, RouterDC

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


class AutomixSelection(Part):
    """Weighs what a better model would cost against what its answer would gain; absent follows the engine."""

    verification_threshold: Annotated[Share | None, says("how sure an answer has to be to stand")] = None
    max_escalations: Annotated[Whole | None, says("how often a better model may be asked")] = None
    cost_aware_routing: Annotated[bool, says("whether prices count")] = False
    cost_quality_tradeoff: Annotated[Share | None, says("how much price counts beside quality; 0 is quality alone")] = (
        None
    )
    discount_factor: Annotated[Share | None, says("how much a later gain counts beside one now")] = None
    use_logprob_verification: Annotated[
        bool, says("whether the probabilities of the answer's tokens tell how sure it is")
    ] = False


class KnnModel(Part):
    """Chooses as the nearest of the known requests were answered best."""

    k: Annotated[Whole | None, says("how many of them count")] = None
    pretrained_path: Annotated[Line, says("the file of the trained model")] = ""


class KmeansModel(Part):
    """Chooses by the cluster of known requests that a request belongs to."""

    num_clusters: Annotated[Whole | None, says("how many clusters")] = None
    efficiency_weight: Annotated[Amount | None, says("how much speed and price count beside quality")] = None
    pretrained_path: Annotated[Line, says("the file of the trained model")] = ""


class SvmModel(Part):
    """Chooses by a support vector machine."""

    kernel: Annotated[Line, says("its kernel, such as rbf")] = ""
    gamma: Annotated[Amount | None, says("of the kernel rbf: how near a known request has to be to count")] = None
    pretrained_path: Annotated[Line, says("the file of the trained model")] = ""


class MlpModel(Part):
    """Chooses by a small neural network."""

    device: Annotated[Line, says("what it runs on, such as cpu")] = ""
    pretrained_path: Annotated[Line, says("the file of the trained model")] = ""


class TrainedSelection(Part):
    """Selectors that were trained elsewhere, each with the file of its model."""

    models_path: Annotated[Line, says("the folder of the models")] = ""
    embedding_dim: Annotated[Whole | None, says("numbers in an embedding of a request")] = None
    knn: KnnModel = KnnModel()
    kmeans: KmeansModel = KmeansModel()
    svm: SvmModel = SvmModel()
    mlp: MlpModel = MlpModel()


class MomentumSelection(Part):
    """Lets a choice change only when better scores last."""

    enabled: Annotated[bool, says("whether it does")] = False
    attack: Annotated[Share | None, says("how fast a rising score is believed")] = None
    release: Annotated[Share | None, says("how fast a falling score is believed")] = None
    threshold: Annotated[Share | None, says("the score at which the choice changes")] = None


class ModelSelection(Part):
    """The selector that decides when a decision names several models and no algorithm."""

    enabled: Annotated[bool, says("whether one decides; false: the first candidate answers")] = True
    method: Annotated[SelectionMethod, BeforeValidator(_method), SAID, says("which selector")] = "knn"
    router_dc: RouterDC = RouterDC()
    automix: AutomixSelection = AutomixSelection()
    hybrid: Hybrid = Hybrid()
    ml: TrainedSelection = TrainedSelection()
    momentum: MomentumSelection = MomentumSelection()
