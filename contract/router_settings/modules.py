"""What the router can do with a prompt or an answer: guard, classify, compress, check, detect."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticUseDefault

from contract.faults import shown
from contract.fields import Items, Part, Text, refuse
from contract.router_settings.prototypes import PrototypeScoring
from contract.router_settings.values import Amount, Chosen, Line, NamedSecrets, Share, Url, Whole, Worded

PROFILES: Final = ("default", "coding", "medical", "security", "multi_turn")
GUARD_SWITCHES: Final = ("use_modernbert", "use_mmbert_32k", "use_vllm")


def _profile(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    plain = value.strip().lower().replace("-", "_")
    if not plain:
        raise PydanticUseDefault
    if plain not in PROFILES:
        known = f"write one of {', '.join(PROFILES)}"
        raise refuse("value", f"unknown prompt_compression.profile {shown(value)}", known)
    return plain


def _variant(fields: dict[str, Any]) -> Literal["mmbert32k"] | None:
    """The local model, unless an external one was chosen."""
    return None if fields.get("protocol") else "mmbert32k"


def _guard_in_new_words(written: dict[str, Any]) -> dict[str, Any]:
    """What v0.3.0 said by three switches, unless the new words stand beside them; they win."""
    switches = {key: written[key] for key in GUARD_SWITCHES if isinstance(written.get(key), bool)}
    guard = {key: value for key, value in written.items() if key not in switches}
    if guard.get("variant") or guard.get("protocol"):
        return guard
    if switches.get("use_vllm"):
        guard["protocol"] = "http_chat"
    elif switches.get("use_modernbert") or switches.get("use_mmbert_32k") is False:
        guard["variant"] = "candle"
    return guard


class PromptCompression(Part):
    """Shortens prompts before they are classified; the profile weighs sentences, explicit weights override it."""

    enabled: bool = False
    profile: Annotated[Literal["default", "coding", "medical", "security", "multi_turn"], BeforeValidator(_profile)] = (
        "default"
    )
    max_tokens: Whole = 0
    min_length: Whole = 0
    skip_signals: Items[Line] = ()
    textrank_weight: Amount | None = None
    position_weight: Amount | None = None
    tfidf_weight: Amount | None = None
    novelty_weight: Amount | None = None
    position_depth: Amount | None = None
    preserve_first_n: Whole | None = None
    preserve_last_n: Whole | None = None


class PromptGuard(Part):
    """Detects jailbreaks, by a local model (`variant`) or an external one of the role guardrail (`protocol`).

    `use_modernbert`, `use_mmbert_32k` and `use_vllm` are how v0.3.0 chose; `variant` and `protocol` replaced them.
    """

    enabled: bool = True
    model_ref: Line = "prompt_guard"
    model_id: Line = ""
    threshold: Share = 0.7
    use_cpu: bool = True
    protocol: Chosen[Literal["http_chat", "http_classify"] | None] = None
    variant: Chosen[Literal["candle", "mmbert32k"] | None] = Field(default_factory=_variant)
    jailbreak_mapping_path: Line = "models/mmbert32k-jailbreak-detector-merged/jailbreak_type_mapping.json"
    positive_labels: Items[Line] = ()
    on_error: Chosen[Literal["allow", "block"]] = "allow"
    use_modernbert: bool | None = None
    use_mmbert_32k: bool | None = None
    use_vllm: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_new_words(cls, written: Any) -> Any:
        return _guard_in_new_words(written) if isinstance(written, dict) else written


class DomainClassifier(Part):
    enabled: bool = True
    model_ref: Line = "domain_classifier"
    model_id: Line = ""
    threshold: Share = 0.5
    use_cpu: bool = True
    use_modernbert: bool = False
    use_mmbert_32k: bool = True
    category_mapping_path: Line = "models/mmbert32k-intent-classifier-merged/category_mapping.json"
    fallback_category: Line = ""


class PiiClassifier(Part):
    enabled: bool = True
    model_ref: Line = "pii_classifier"
    model_id: Line = ""
    threshold: Share = 0.9
    use_cpu: bool = True
    use_modernbert: bool = False
    use_mmbert_32k: bool = True
    pii_mapping_path: Line = "models/mmbert32k-pii-detector-merged/pii_type_mapping.json"


class McpClassifier(Part):
    """A classifier behind an MCP server, started as a command or reached by URL."""

    enabled: bool = False
    transport_type: Chosen[Literal["stdio", "http", "streamable-http"] | None] = None
    command: Line = ""
    args: Items[str] = ()
    env: Annotated[dict[str, Text], NamedSecrets(), Field(repr=False)] = {}
    url: Url = ""
    tool_name: Line = ""
    threshold: Share = 0.0
    timeout_seconds: Whole | None = None


class PreferenceClassifier(Part):
    use_contrastive: bool = True
    embedding_model: Line = ""
    prototype_scoring: PrototypeScoring = PrototypeScoring()


class Classifier(Part):
    domain: DomainClassifier = DomainClassifier()
    pii: PiiClassifier = PiiClassifier()
    mcp: McpClassifier = McpClassifier()
    preference: PreferenceClassifier = PreferenceClassifier()


class ComplexityModule(Part):
    prototype_scoring: PrototypeScoring = PrototypeScoring()


class FactCheck(Part):
    model_ref: Line = "fact_check_classifier"
    model_id: Line = ""
    threshold: Share = 0.6
    use_cpu: bool = True
    use_mmbert_32k: bool = True


class HallucinationDetector(Part):
    """Finds spans of an answer that its sources do not support."""

    backend: Worded[Literal["candle", "endpoint"]] = "candle"
    endpoint: Url = ""
    include_explanation: bool = False
    model_ref: Line = "hallucination_detector"
    model_id: Line = ""
    threshold: Share = 0.8
    use_cpu: bool = True
    min_span_length: Whole = 2
    min_span_confidence: Share = 0.6
    context_window_size: Whole = 50
    enable_nli_filtering: bool = True
    nli_entailment_threshold: Share = 0.75


class HallucinationExplainer(Part):
    model_ref: Line = "hallucination_explainer"
    model_id: Line = ""
    threshold: Share = 0.9
    use_cpu: bool = True


class HallucinationMitigation(Part):
    enabled: bool = False
    on_hallucination_detected: Line = ""
    fact_check: FactCheck = FactCheck()
    detector: HallucinationDetector = HallucinationDetector()
    explainer: HallucinationExplainer = HallucinationExplainer()


class FeedbackDetector(Part):
    enabled: bool = True
    model_ref: Line = "feedback_detector"
    model_id: Line = ""
    threshold: Share = 0.7
    use_cpu: bool = True
    use_modernbert: bool = False
    use_mmbert_32k: bool = True
    feedback_mapping_path: Line = ""


class ModalityClassifier(Part):
    model_path: Line = ""
    use_cpu: bool = False


class ModalityDetector(Part):
    """Tells prompts that want text from those that want an image or both."""

    enabled: bool = False
    method: Chosen[Literal["classifier", "keyword", "hybrid"] | None] = None
    prompt_prefixes: Items[str] = ()
    classifier: ModalityClassifier | None = None
    keywords: Items[str] = ()
    both_keywords: Items[str] = ()
    confidence_threshold: Share = 0.0
    lower_threshold_ratio: Share = 0.0


class Modules(Part):
    prompt_compression: PromptCompression = PromptCompression()
    prompt_guard: PromptGuard = PromptGuard()
    classifier: Classifier = Classifier()
    complexity: ComplexityModule = ComplexityModule()
    hallucination_mitigation: HallucinationMitigation = HallucinationMitigation()
    feedback_detector: FeedbackDetector = FeedbackDetector()
    modality_detector: ModalityDetector = ModalityDetector()
