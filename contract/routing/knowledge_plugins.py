"""The plugins memory, rag and image_gen: what a request is enriched with, and images instead of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from contract.faults import FaultLog, under
from contract.fields import Items, Name, Optionally, Text
from contract.plain_values import section, text
from contract.routing.choices import OpenPart, Payload, Positive, Unit, Whole, choice

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

    enabled: bool = True
    algorithm: Optionally[Name] = None
    max_inject_tokens: Whole = 0
    recency_decay_days: Whole = 0
    dedup_threshold: Unit = 0.0
    block_patterns: Items[Text] = ()


class Memory(OpenPart):
    """What is remembered of earlier conversations; what is absent follows global.stores.memory."""

    enabled: bool = False
    retrieval_limit: Positive | None = None
    similarity_threshold: Unit | None = None
    auto_store: bool | None = None
    hybrid_search: bool = False
    hybrid_mode: Optionally[Name] = None
    reflection: Reflection | None = None


class Rag(OpenPart):
    """Documents that are looked up and added to the request; `backend_config` is the backend's own."""

    enabled: bool = False
    backend: Annotated[RagBackend | None, choice(RagBackend, "backend")] = None
    similarity_threshold: Unit | None = None
    top_k: Positive | None = None
    max_context_length: Positive | None = None
    injection_mode: Annotated[InjectionMode | None, choice(InjectionMode, "injection_mode")] = None
    on_failure: Annotated[RagOnFailure | None, choice(RagOnFailure, "on_failure")] = None
    cache_results: bool = False
    cache_ttl_seconds: Positive | None = None
    min_confidence_threshold: Unit | None = None
    backend_config: _Private = None


class ModalityClassifier(OpenPart):
    """A local model that tells texts from images."""

    model_path: Optionally[Text] = None
    use_cpu: bool = False


class ModalityDetection(OpenPart):
    """How it is found out that an image is wanted."""

    method: Annotated[DetectionMethod | None, choice(DetectionMethod, "modality_detection.method")] = None
    classifier: ModalityClassifier = ModalityClassifier()
    keywords: Items[Text] = ()
    both_keywords: Items[Text] = ()
    confidence_threshold: Unit = 0.0
    lower_threshold_ratio: Unit = 0.0


class ImageGeneration(OpenPart):
    """An image instead of text, made by the backend; `backend_config` is the backend's own."""

    enabled: bool = False
    backend: Annotated[ImageBackend | None, choice(ImageBackend, "backend")] = None
    backend_config: _Private = None
    modality_detection: ModalityDetection | None = None
    default_width: Positive | None = None
    default_height: Positive | None = None
    max_inference_steps: Positive | None = None
    timeout_seconds: Positive | None = None


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
