"""The plugins memory, rag and image_gen: what a request is enriched with, and images instead of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from contract.faults import FaultLog, under
from contract.fields import Items, Name, Optionally, Share, Text, says
from contract.plain_values import section, text
from contract.routing.values import OpenPart, Payload, Positive, Whole
from contract.words import choice

RagBackend = Literal["milvus", "qdrant", "external_api", "mcp", "openai", "hybrid", "vectorstore"]
InjectionMode = Literal["tool_role", "system_prompt"]
RagOnFailure = Literal["skip", "block", "warn"]
ImageBackend = Literal["vllm_omni", "openai"]
DetectionMethod = Literal["classifier", "keyword", "hybrid"]

_NEEDS_OF_RAG: Final[Mapping[str, tuple[str, ...]]] = {
    "milvus": ("collection",),
    "qdrant": ("collection",),
    "external_api": ("endpoint", "request_format"),
    "mcp": ("server_name", "tool_name"),
    "openai": ("vector_store_id", "api_key"),
    "hybrid": ("primary",),
    "vectorstore": (),
}
_NEEDS_OF_IMAGES: Final[Mapping[str, tuple[str, ...]]] = {"vllm_omni": ("base_url",), "openai": ("api_key",)}

_Private = Annotated[Payload | None, Field(repr=False)]


class Reflection(OpenPart):
    """Which memories are worth telling the model, and which never are."""

    enabled: Annotated[bool, says("whether memories are sifted")] = True
    algorithm: Annotated[Optionally[Name], says("how; not written: the router's own way")] = None
    max_inject_tokens: Annotated[Whole, says("tokens of memories in a request; 0 sets no bound")] = 0
    recency_decay_days: Annotated[
        Whole, says("after how many days a memory counts for less; 0: age does not count")
    ] = 0
    dedup_threshold: Annotated[Share, says("memories that are more alike than this count once; 0: each counts")] = 0.0
    block_patterns: Annotated[Items[Text], says("what must not stand in a memory that is told")] = ()


class Memory(OpenPart):
    """What is remembered of earlier conversations; what is absent follows global.stores.memory."""

    enabled: Annotated[bool, says("whether the plugin does anything")] = False
    retrieval_limit: Annotated[Positive | None, says("how many memories are told")] = None
    similarity_threshold: Annotated[Share | None, says("how like the request they have to be")] = None
    auto_store: Annotated[bool | None, says("whether what is said is remembered without being asked for")] = None
    hybrid_search: Annotated[bool, says("whether words count beside likeness")] = False
    hybrid_mode: Annotated[Optionally[Name], says("how the two are joined")] = None
    reflection: Reflection | None = None


class Rag(OpenPart):
    """Documents that are looked up and added to the request; `backend_config` is the backend's own."""

    enabled: Annotated[bool, says("whether the plugin does anything")] = False
    backend: Annotated[
        RagBackend | None,
        choice(RagBackend, "backend"),
        says("where documents are looked up; needed once it is enabled"),
    ] = None
    similarity_threshold: Annotated[Share | None, says("how like the request a document has to be")] = None
    top_k: Annotated[Positive | None, says("how many are added")] = None
    max_context_length: Annotated[Positive | None, says("how much of them in all")] = None
    injection_mode: Annotated[
        InjectionMode | None,
        choice(InjectionMode, "injection_mode"),
        says("where they stand: as a tool's answer, or in the system prompt"),
    ] = None
    on_failure: Annotated[
        RagOnFailure | None,
        choice(RagOnFailure, "on_failure"),
        says("what becomes of a request when the lookup fails: it goes on, is refused, or goes on with a warning"),
    ] = None
    cache_results: Annotated[bool, says("whether what was found is kept for the same question")] = False
    cache_ttl_seconds: Annotated[Positive | None, says("for how long")] = None
    min_confidence_threshold: Annotated[Share | None, says("below this nothing is added")] = None
    backend_config: Annotated[_Private, says("the backend's own settings, passed on as they are")] = None


class ModalityClassifier(OpenPart):
    """A local model that tells texts from images."""

    model_path: Annotated[Optionally[Text], says("where the model lies")] = None
    use_cpu: Annotated[bool, says("not to use a GPU")] = False


class ModalityDetection(OpenPart):
    """How it is found out that an image is wanted."""

    method: Annotated[
        DetectionMethod | None,
        choice(DetectionMethod, "modality_detection.method"),
        says("by a model, by words, or by both"),
    ] = None
    classifier: ModalityClassifier = ModalityClassifier()
    keywords: Annotated[Items[Text], says("words that ask for an image")] = ()
    both_keywords: Annotated[Items[Text], says("words that ask for a text and an image")] = ()
    confidence_threshold: Annotated[Share, says("how sure the model has to be")] = 0.0
    lower_threshold_ratio: Annotated[
        Share, says("of hybrid: the share of the threshold that does where words agree")
    ] = 0.0


class ImageGeneration(OpenPart):
    """An image instead of text, made by the backend; `backend_config` is the backend's own."""

    enabled: Annotated[bool, says("whether the plugin does anything")] = False
    backend: Annotated[
        ImageBackend | None, choice(ImageBackend, "backend"), says("what makes the image; needed once it is enabled")
    ] = None
    backend_config: Annotated[_Private, says("the backend's own settings, passed on as they are")] = None
    modality_detection: ModalityDetection | None = None
    default_width: Annotated[Positive | None, says("pixels, where the request does not say")] = None
    default_height: Annotated[Positive | None, says("pixels, where the request does not say")] = None
    max_inference_steps: Annotated[Positive | None, says("steps the backend may take")] = None
    timeout_seconds: Annotated[Positive | None, says("how long it may take")] = None


def check_rag(configuration: dict[str, Any], path: str, log: FaultLog) -> None:
    if configuration.get("enabled") is True:
        _check_backend(configuration, "rag", _NEEDS_OF_RAG, path, log)


def check_image_gen(configuration: dict[str, Any], path: str, log: FaultLog) -> None:
    if configuration.get("enabled") is not True:
        return
    _check_backend(configuration, "image_gen", _NEEDS_OF_IMAGES, path, log)
    if isinstance(configuration.get("modality_detection"), dict):
        _check_detection(configuration["modality_detection"], under(path, "modality_detection"), log)


def _check_backend(
    configuration: dict[str, Any], plugin: str, needs: Mapping[str, tuple[str, ...]], path: str, log: FaultLog
) -> None:
    """What the backend cannot do without; its other settings are its own."""
    backend = text(configuration, "backend")
    if not backend:
        message = f"{plugin} backend is required when enabled"
        log.add(under(path, "backend"), "required", message, f"use one of: {', '.join(needs)}")
    own = section(configuration, "backend_config")
    for key in needs.get(backend, ()):
        if not own.get(key):
            message = f"{key} is required for the {backend} backend"
            log.add(under(under(path, "backend_config"), key), "required", message, "write it, or turn the plugin off")


def _check_detection(detection: dict[str, Any], path: str, log: FaultLog) -> None:
    method, classifier = text(detection, "method"), text(section(detection, "classifier"), "model_path")
    wanted = {"classifier": ["classifier.model_path"], "keyword": ["keywords"]}
    has = {"classifier.model_path": bool(classifier), "keywords": bool(detection.get("keywords"))}
    if not method:
        log.add(
            under(path, "method"), "required", "modality_detection.method is required", "classifier, keyword, hybrid"
        )
    elif not any(has[source] for source in wanted.get(method, list(has))):
        message = f"method {method} requires {' or '.join(wanted.get(method, has))}"
        log.add(path, "required", message, "say what to look for")
    numbers = {"classifier": ["confidence_threshold"], "hybrid": ["confidence_threshold", "lower_threshold_ratio"]}
    for key in numbers.get(method, ()):
        if not detection.get(key):
            log.add(
                under(path, key), "required", f"{key} is required when method is {method}", "write one, such as 0.6"
            )
