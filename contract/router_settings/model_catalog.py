"""The models that the router runs or asks for its own work: embeddings, classifiers, judges, knowledge bases."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from contract.fields import Items, Optionally, Part, Share, Text, Variable, says
from contract.router_settings.knowledge_bases import DEFAULT_KNOWLEDGE_BASES, KnowledgeBase
from contract.router_settings.modules import Modules
from contract.router_settings.prototypes import PrototypeScoring
from contract.router_settings.values import Amount, Chosen, Credential, Line, Place, Url, Whole, Worded


class EmbeddingTuning(Part):
    """How texts are embedded and compared."""

    backend: Annotated[
        Worded[Literal["candle", "openvino", "openai_compatible"] | None],
        says("what runs the model: the router itself, or a service"),
    ] = None
    model_type: Annotated[Worded[str], says("which of the models embeds")] = "mmbert"
    preload_embeddings: Annotated[bool, says("whether the candidates of rules are embedded at the start")] = True
    target_dimension: Annotated[Whole, says("numbers in an embedding")] = 768
    target_layer: Annotated[Whole, says("after which layer of the model it is taken; fewer are faster")] = 22
    enable_soft_matching: Annotated[
        bool, says("whether rules below their threshold match where none reaches its own")
    ] = True
    top_k: Annotated[Whole, says("how many rules match at the most")] = 1
    min_score_threshold: Annotated[Share, says("the least score that does for soft matching")] = 0.5
    prototype_scoring: PrototypeScoring = PrototypeScoring()


class EmbeddingEndpoint(Part):
    """An embedding service that speaks OpenAI's protocol; `api_key_env` names the variable that holds its key."""

    base_url: Annotated[Url, says("where it is; the path of embeddings is appended")] = ""
    model: Annotated[Line, says("what the service calls the model")] = ""
    api_key_env: Annotated[Optionally[Variable], says("the variable of the router that holds its key")] = None
    timeout_seconds: Annotated[Whole | None, says("how long it may take")] = None
    max_retries: Annotated[Whole | None, says("how often a call that fails is tried again")] = None
    dimensions: Annotated[Whole | None, says("numbers in an embedding; not written: as the model makes them")] = None


class SemanticEmbeddings(Part):
    """The models that embed texts; `hnsw_config` is the earlier name of `embedding_config`."""

    qwen3_model_path: Annotated[Line, says("of the model type qwen3; empty: not loaded")] = ""
    gemma_model_path: Annotated[Line, says("of the model type gemma; empty: not loaded")] = ""
    mmbert_model_path: Annotated[Line, says("of the model type mmbert; empty: not loaded")] = (
        "models/mmbert-embed-32k-2d-matryoshka"
    )
    multimodal_model_path: Annotated[
        Line, says("of the model type multimodal, which embeds images, too; empty: not loaded")
    ] = ""
    bert_model_path: Annotated[Line, says("of the model type bert; empty: not loaded")] = ""
    use_cpu: Annotated[bool, says("not to use a GPU")] = True
    embedding_config: EmbeddingTuning = Field(
        default=EmbeddingTuning(), validation_alias=AliasChoices("embedding_config", "hnsw_config")
    )
    endpoint: EmbeddingEndpoint = EmbeddingEndpoint()


class Embeddings(Part):
    """What turns texts into vectors."""

    semantic: SemanticEmbeddings = SemanticEmbeddings()


class SystemModels(Part):
    """The model behind each built-in capability; modules refer to them by these names."""

    prompt_guard: Annotated[Line, says("tells jailbreaks")] = "models/mmbert32k-jailbreak-detector-merged"
    domain_classifier: Annotated[Line, says("tells fields of knowledge")] = "models/mmbert32k-intent-classifier-merged"
    pii_classifier: Annotated[Line, says("tells personal data")] = "models/mmbert32k-pii-detector-merged"
    fact_check_classifier: Annotated[Line, says("tells what wants checking against facts")] = (
        "models/mmbert32k-factcheck-classifier-merged"
    )
    hallucination_detector: Annotated[Line, says("tells what sources do not bear out")] = "models/mom-halugate-detector"
    hallucination_explainer: Annotated[Line, says("tells why")] = "models/mom-halugate-explainer"
    feedback_detector: Annotated[Line, says("tells what a user thinks of an answer")] = (
        "models/mmbert32k-feedback-detector-merged"
    )


class JudgeEndpoint(Part):
    """Where an external model is, and how it is spoken to."""

    address: Annotated[Place, says("its name or address")] = ""
    port: Annotated[Whole, says("its port")] = 0
    protocol: Annotated[Chosen[Literal["http", "https"]], says("how it is reached")] = "http"
    name: Annotated[Line, says("what logs call it")] = ""
    use_chat_template: Annotated[bool, says("whether the text is put as a chat")] = False
    prompt_template: Annotated[Text, says("the text around it")] = ""


class ExternalModel(Part):
    """A model outside the router that classifies, scores or guards for it."""

    name: Annotated[Line, says("what classifiers call it")] = ""
    llm_provider: Annotated[Line, says("who serves it")] = ""
    model_role: Annotated[Line, says("what it is for, such as guardrail or classification")] = ""
    llm_endpoint: JudgeEndpoint = JudgeEndpoint()
    llm_model_name: Annotated[Line, says("what its provider calls it")] = ""
    llm_timeout_seconds: Annotated[Whole | None, says("how long it may take")] = None
    parser_type: Annotated[Line, says("how its answer is read, such as json")] = ""
    threshold: Annotated[Share | None, says("the least score that counts")] = None
    access_key: Annotated[Credential, says("what the router presents")] = ""
    max_tokens: Annotated[Whole | None, says("tokens of its answer")] = None
    temperature: Annotated[Amount | None, says("of its answer")] = None


class ModelCatalog(Part):
    """The router's own models, and the modules built on them."""

    embeddings: Embeddings = Embeddings()
    system: SystemModels = SystemModels()
    external: Annotated[Items[ExternalModel], says("models outside the router")] = ()
    kbs: Annotated[Items[KnowledgeBase], says("labelled examples that texts are compared with")] = (
        DEFAULT_KNOWLEDGE_BASES
    )
    modules: Modules = Modules()
