"""The models that the router runs or asks for its own work: embeddings, classifiers, judges, knowledge bases."""

from __future__ import annotations

from typing import Literal

from pydantic import AliasChoices, Field

from contract.fields import Items, Optionally, Part, Text, Variable
from contract.router_settings.knowledge_bases import DEFAULT_KNOWLEDGE_BASES, KnowledgeBase
from contract.router_settings.modules import Modules
from contract.router_settings.prototypes import PrototypeScoring
from contract.router_settings.values import Amount, Chosen, Credential, Line, Place, Share, Url, Whole, Worded


class EmbeddingTuning(Part):
    """How texts are embedded and compared."""

    backend: Worded[Literal["candle", "openvino", "openai_compatible"] | None] = None
    model_type: Worded[str] = "mmbert"
    preload_embeddings: bool = True
    target_dimension: Whole = 768
    target_layer: Whole = 22
    enable_soft_matching: bool = True
    top_k: Whole = 1
    min_score_threshold: Share = 0.5
    prototype_scoring: PrototypeScoring = PrototypeScoring()


class EmbeddingEndpoint(Part):
    """An embedding service that speaks OpenAI's protocol; `api_key_env` names the variable that holds its key."""

    base_url: Url = ""
    model: Line = ""
    api_key_env: Optionally[Variable] = None
    timeout_seconds: Whole | None = None
    max_retries: Whole | None = None
    dimensions: Whole | None = None


class SemanticEmbeddings(Part):
    """The models that embed texts; `hnsw_config` is the earlier name of `embedding_config`."""

    qwen3_model_path: Line = ""
    gemma_model_path: Line = ""
    mmbert_model_path: Line = "models/mmbert-embed-32k-2d-matryoshka"
    multimodal_model_path: Line = ""
    bert_model_path: Line = ""
    use_cpu: bool = True
    embedding_config: EmbeddingTuning = Field(
        default=EmbeddingTuning(), validation_alias=AliasChoices("embedding_config", "hnsw_config")
    )
    endpoint: EmbeddingEndpoint = EmbeddingEndpoint()


class Embeddings(Part):
    semantic: SemanticEmbeddings = SemanticEmbeddings()


class SystemModels(Part):
    """The model behind each built-in capability; modules refer to them by these names."""

    prompt_guard: Line = "models/mmbert32k-jailbreak-detector-merged"
    domain_classifier: Line = "models/mmbert32k-intent-classifier-merged"
    pii_classifier: Line = "models/mmbert32k-pii-detector-merged"
    fact_check_classifier: Line = "models/mmbert32k-factcheck-classifier-merged"
    hallucination_detector: Line = "models/mom-halugate-detector"
    hallucination_explainer: Line = "models/mom-halugate-explainer"
    feedback_detector: Line = "models/mmbert32k-feedback-detector-merged"


class JudgeEndpoint(Part):
    address: Place = ""
    port: Whole = 0
    protocol: Chosen[Literal["http", "https"]] = "http"
    name: Line = ""
    use_chat_template: bool = False
    prompt_template: Text = ""


class ExternalModel(Part):
    """A model outside the router that classifies, scores or guards for it."""

    name: Line = ""
    llm_provider: Line = ""
    model_role: Line = ""
    llm_endpoint: JudgeEndpoint = JudgeEndpoint()
    llm_model_name: Line = ""
    llm_timeout_seconds: Whole | None = None
    parser_type: Line = ""
    threshold: Share | None = None
    access_key: Credential = ""
    max_tokens: Whole | None = None
    temperature: Amount | None = None


class ModelCatalog(Part):
    """The router's own models, and the modules built on them."""

    embeddings: Embeddings = Embeddings()
    system: SystemModels = SystemModels()
    external: Items[ExternalModel] = ()
    kbs: Items[KnowledgeBase] = DEFAULT_KNOWLEDGE_BASES
    modules: Modules = Modules()
