"""What the router can do with a prompt or an answer: guard, classify, compress, check, detect."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticUseDefault

from contract.faults import shown
from contract.fields import Items, Part, Share, Text, refuse, says
from contract.router_settings.prototypes import PrototypeScoring
from contract.router_settings.values import Amount, Chosen, Line, NamedSecrets, Url, Whole, Worded

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

    enabled: Annotated[bool, says("whether it does")] = False
    profile: Annotated[
        Literal["default", "coding", "medical", "security", "multi_turn"],
        BeforeValidator(_profile),
        says("which weights, for which kind of text"),
    ] = "default"
    max_tokens: Annotated[Whole, says("to so many; 0: the engine's own bound")] = 0
    min_length: Annotated[Whole, says("what is shorter is left as it is; 0: nothing is")] = 0
    skip_signals: Annotated[Items[Line], says("families of signals that see the whole prompt")] = ()
    textrank_weight: Annotated[Amount | None, says("of sentences that many others are like")] = None
    position_weight: Annotated[Amount | None, says("of sentences at the beginning and the end")] = None
    tfidf_weight: Annotated[Amount | None, says("of sentences with rare words")] = None
    novelty_weight: Annotated[Amount | None, says("of sentences that say something new")] = None
    position_depth: Annotated[Amount | None, says("how much less sentences in the middle count")] = None
    preserve_first_n: Annotated[Whole | None, says("sentences at the beginning that always stay")] = None
    preserve_last_n: Annotated[Whole | None, says("sentences at the end that always stay")] = None


class PromptGuard(Part):
    """Detects jailbreaks, by a local model (`variant`) or an external one of the role guardrail (`protocol`).

    `use_modernbert`, `use_mmbert_32k` and `use_vllm` are how v0.3.0 chose; `variant` and `protocol` replaced them.
    """

    enabled: Annotated[bool, says("whether it does")] = True
    model_ref: Annotated[Line, says("the model: one of model_catalog.system")] = "prompt_guard"
    model_id: Annotated[Line, says("the model's path instead; it wins over model_ref")] = ""
    threshold: Annotated[Share, says("the least score that is a jailbreak")] = 0.7
    use_cpu: Annotated[bool, says("not to use a GPU")] = True
    protocol: Annotated[
        Chosen[Literal["http_chat", "http_classify"] | None],
        says("how an external model is spoken to; not written: a local one is used"),
    ] = None
    variant: Annotated[
        Chosen[Literal["candle", "mmbert32k"] | None], says("which kind of local model; not written beside protocol")
    ] = Field(default_factory=_variant)
    jailbreak_mapping_path: Annotated[Line, says("the file that names the model's labels")] = (
        "models/mmbert32k-jailbreak-detector-merged/jailbreak_type_mapping.json"
    )
    positive_labels: Annotated[Items[Line], says("which of them are a jailbreak; none: the engine's own")] = ()
    on_error: Annotated[Chosen[Literal["allow", "block"]], says("what holds for a text that could not be judged")] = (
        "allow"
    )
    use_modernbert: Annotated[bool | None, says("true: the variant candle; an earlier way of saying it")] = None
    use_mmbert_32k: Annotated[bool | None, says("false: the variant candle; an earlier way of saying it")] = None
    use_vllm: Annotated[bool | None, says("true: the protocol http_chat; an earlier way of saying it")] = None

    @model_validator(mode="before")
    @classmethod
    def _in_new_words(cls, written: Any) -> Any:
        return _guard_in_new_words(written) if isinstance(written, dict) else written


class DomainClassifier(Part):
    """Tells which field of knowledge a request is about."""

    enabled: Annotated[bool, says("whether it does")] = True
    model_ref: Annotated[Line, says("the model: one of model_catalog.system")] = "domain_classifier"
    model_id: Annotated[Line, says("the model's path instead; it wins over model_ref")] = ""
    threshold: Annotated[Share, says("the least score that is of a field")] = 0.5
    use_cpu: Annotated[bool, says("not to use a GPU")] = True
    use_modernbert: Annotated[bool, says("whether the model is a ModernBERT")] = False
    use_mmbert_32k: Annotated[bool, says("whether the model is an mmBERT of 32k tokens")] = True
    category_mapping_path: Annotated[Line, says("the file that names the model's labels")] = (
        "models/mmbert32k-intent-classifier-merged/category_mapping.json"
    )
    fallback_category: Annotated[Line, says("what holds when no field is sure enough")] = ""


class PiiClassifier(Part):
    """Finds personal data."""

    enabled: Annotated[bool, says("whether it does")] = True
    model_ref: Annotated[Line, says("the model: one of model_catalog.system")] = "pii_classifier"
    model_id: Annotated[Line, says("the model's path instead; it wins over model_ref")] = ""
    threshold: Annotated[Share, says("the least score that is personal data")] = 0.9
    use_cpu: Annotated[bool, says("not to use a GPU")] = True
    use_modernbert: Annotated[bool, says("whether the model is a ModernBERT")] = False
    use_mmbert_32k: Annotated[bool, says("whether the model is an mmBERT of 32k tokens")] = True
    pii_mapping_path: Annotated[Line, says("the file that names the model's labels")] = (
        "models/mmbert32k-pii-detector-merged/pii_type_mapping.json"
    )


class McpClassifier(Part):
    """A classifier behind an MCP server, started as a command or reached by URL."""

    enabled: Annotated[bool, says("whether it is asked")] = False
    transport_type: Annotated[
        Chosen[Literal["stdio", "http", "streamable-http"] | None], says("how: as a command, or by HTTP")
    ] = None
    command: Annotated[Line, says("of stdio: what is started")] = ""
    args: Annotated[Items[str], says("of stdio: its arguments")] = ()
    env: Annotated[dict[str, Text], NamedSecrets(), Field(repr=False), says("of stdio: its environment")] = {}
    url: Annotated[Url, says("of HTTP: where it is")] = ""
    tool_name: Annotated[Line, says("which of its tools classifies")] = ""
    threshold: Annotated[Share, says("the least score that counts")] = 0.0
    timeout_seconds: Annotated[Whole | None, says("how long it may take")] = None


class PreferenceClassifier(Part):
    """Tells how a person likes to be answered."""

    use_contrastive: Annotated[bool, says("whether by likeness to the rules' examples")] = True
    embedding_model: Annotated[Line, says("the model that tells likeness; empty: that of model_catalog.embeddings")] = (
        ""
    )
    prototype_scoring: PrototypeScoring = PrototypeScoring()


class Classifier(Part):
    """What is found out about a request by models."""

    domain: DomainClassifier = DomainClassifier()
    pii: PiiClassifier = PiiClassifier()
    mcp: McpClassifier = McpClassifier()
    preference: PreferenceClassifier = PreferenceClassifier()


class ComplexityModule(Part):
    """Tells how difficult a request is."""

    prototype_scoring: PrototypeScoring = PrototypeScoring()


class FactCheck(Part):
    """Tells whether an answer wants checking against facts."""

    model_ref: Annotated[Line, says("the model: one of model_catalog.system")] = "fact_check_classifier"
    model_id: Annotated[Line, says("the model's path instead; it wins over model_ref")] = ""
    threshold: Annotated[Share, says("the least score that wants it")] = 0.6
    use_cpu: Annotated[bool, says("not to use a GPU")] = True
    use_mmbert_32k: Annotated[bool, says("whether the model is an mmBERT of 32k tokens")] = True


class HallucinationDetector(Part):
    """Finds spans of an answer that its sources do not support."""

    backend: Annotated[
        Worded[Literal["candle", "endpoint"]], says("what finds them: the router itself, or a service")
    ] = "candle"
    endpoint: Annotated[Url, says("of a service: where it is")] = ""
    include_explanation: Annotated[bool, says("whether the service says why")] = False
    model_ref: Annotated[Line, says("the model: one of model_catalog.system")] = "hallucination_detector"
    model_id: Annotated[Line, says("the model's path instead; it wins over model_ref")] = ""
    threshold: Annotated[Share, says("the least score that is a finding")] = 0.8
    use_cpu: Annotated[bool, says("not to use a GPU")] = True
    min_span_length: Annotated[Whole, says("tokens of the shortest span")] = 2
    min_span_confidence: Annotated[Share, says("how sure a span has to be")] = 0.6
    context_window_size: Annotated[Whole, says("tokens around a span that are looked at")] = 50
    enable_nli_filtering: Annotated[
        bool, says("whether a model of inference takes back what a source does bear out")
    ] = True
    nli_entailment_threshold: Annotated[Share, says("how sure that has to be")] = 0.75


class HallucinationExplainer(Part):
    """Tells why a span is not borne out."""

    model_ref: Annotated[Line, says("the model: one of model_catalog.system")] = "hallucination_explainer"
    model_id: Annotated[Line, says("the model's path instead; it wins over model_ref")] = ""
    threshold: Annotated[Share, says("the least score that counts")] = 0.9
    use_cpu: Annotated[bool, says("not to use a GPU")] = True


class HallucinationMitigation(Part):
    """Answers are held against their sources."""

    enabled: Annotated[bool, says("whether they are")] = False
    on_hallucination_detected: Annotated[
        Line, says("what becomes of an answer that is not borne out; empty: the engine's own way")
    ] = ""
    fact_check: FactCheck = FactCheck()
    detector: HallucinationDetector = HallucinationDetector()
    explainer: HallucinationExplainer = HallucinationExplainer()


class FeedbackDetector(Part):
    """Tells what a user thinks of the last answer."""

    enabled: Annotated[bool, says("whether it does")] = True
    model_ref: Annotated[Line, says("the model: one of model_catalog.system")] = "feedback_detector"
    model_id: Annotated[Line, says("the model's path instead; it wins over model_ref")] = ""
    threshold: Annotated[Share, says("the least score that is feedback")] = 0.7
    use_cpu: Annotated[bool, says("not to use a GPU")] = True
    use_modernbert: Annotated[bool, says("whether the model is a ModernBERT")] = False
    use_mmbert_32k: Annotated[bool, says("whether the model is an mmBERT of 32k tokens")] = True
    feedback_mapping_path: Annotated[Line, says("the file that names the model's labels")] = ""


class ModalityClassifier(Part):
    """A local model that tells texts from images."""

    model_path: Annotated[Line, says("where it lies")] = ""
    use_cpu: Annotated[bool, says("not to use a GPU")] = False


class ModalityDetector(Part):
    """Tells prompts that want text from those that want an image or both."""

    enabled: Annotated[bool, says("whether it does")] = False
    method: Annotated[
        Chosen[Literal["classifier", "keyword", "hybrid"] | None], says("by a model, by words, or by both")
    ] = None
    prompt_prefixes: Annotated[Items[str], says("how prompts for an image begin")] = ()
    classifier: ModalityClassifier | None = None
    keywords: Annotated[Items[str], says("words that ask for an image")] = ()
    both_keywords: Annotated[Items[str], says("words that ask for a text and an image")] = ()
    confidence_threshold: Annotated[Share, says("how sure the model has to be")] = 0.0
    lower_threshold_ratio: Annotated[
        Share, says("of hybrid: the share of the threshold that does where words agree")
    ] = 0.0


class Modules(Part):
    """What is done with a prompt or an answer."""

    prompt_compression: PromptCompression = PromptCompression()
    prompt_guard: PromptGuard = PromptGuard()
    classifier: Classifier = Classifier()
    complexity: ComplexityModule = ComplexityModule()
    hallucination_mitigation: HallucinationMitigation = HallucinationMitigation()
    feedback_detector: FeedbackDetector = FeedbackDetector()
    modality_detector: ModalityDetector = ModalityDetector()
