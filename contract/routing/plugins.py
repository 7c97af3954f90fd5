"""The plugins of a decision: each type and its own configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from contract.fields import Part, Variants, says
from contract.routing.cache_plugin import ResponseCache
from contract.routing.compression_plugin import ContextCompression
from contract.routing.knowledge_plugins import ImageGeneration, Memory, Rag
from contract.routing.message_plugins import (
    FastResponse,
    Hallucination,
    HeaderMutation,
    RequestParams,
    ResponseJailbreak,
    RouterReplay,
    SystemPrompt,
)
from contract.routing.tool_plugins import Tools, ToolSelection

PLUGIN_ALIASES: Final[Mapping[str, str]] = dict.fromkeys(
    ("semantic-cache", "semantic_cache", "response-cache"), "response_cache"
)


class ResponseCachePlugin(Part):
    """Answers that were given before are given again."""

    type: Annotated[Literal["response_cache"], says("the kind of plugin")]
    configuration: ResponseCache


class SystemPromptPlugin(Part):
    """The model is told something besides."""

    type: Annotated[Literal["system_prompt"], says("the kind of plugin")]
    configuration: SystemPrompt


class HeaderMutationPlugin(Part):
    """Headers of the request to the model are changed."""

    type: Annotated[Literal["header_mutation"], says("the kind of plugin")]
    configuration: HeaderMutation


class HallucinationPlugin(Part):
    """Answers are checked against their sources."""

    type: Annotated[Literal["hallucination"], says("the kind of plugin")]
    configuration: Hallucination


class RouterReplayPlugin(Part):
    """Requests and decisions are recorded."""

    type: Annotated[Literal["router_replay"], says("the kind of plugin")]
    configuration: RouterReplay


class MemoryPlugin(Part):
    """The model is told what is remembered of the person."""

    type: Annotated[Literal["memory"], says("the kind of plugin")]
    configuration: Memory


class RagPlugin(Part):
    """The model is given documents that fit the request."""

    type: Annotated[Literal["rag"], says("the kind of plugin")]
    configuration: Rag


class ImageGenerationPlugin(Part):
    """Images are made instead of text."""

    type: Annotated[Literal["image_gen"], says("the kind of plugin")]
    configuration: ImageGeneration


class FastResponsePlugin(Part):
    """The request is answered at once, without a model."""

    type: Annotated[Literal["fast_response"], says("the kind of plugin")]
    configuration: FastResponse


class RequestParamsPlugin(Part):
    """Parameters of the request are taken out or capped."""

    type: Annotated[Literal["request_params"], says("the kind of plugin")]
    configuration: RequestParams


class ResponseJailbreakPlugin(Part):
    """Answers are looked at for signs that the model was led astray."""

    type: Annotated[Literal["response_jailbreak"], says("the kind of plugin")]
    configuration: ResponseJailbreak


class ToolsPlugin(Part):
    """It is decided which tools of the request the model sees."""

    type: Annotated[Literal["tools"], says("the kind of plugin")]
    configuration: Tools


class ToolSelectionPlugin(Part):
    """Tools that fit the request are added, or only those stay."""

    type: Annotated[Literal["tool_selection"], says("the kind of plugin")]
    configuration: ToolSelection


class ContextCompressionPlugin(Part):
    """Long requests are shortened."""

    type: Annotated[Literal["context_compression"], says("the kind of plugin")]
    configuration: ContextCompression


Plugin = Annotated[
    ResponseCachePlugin
    | SystemPromptPlugin
    | HeaderMutationPlugin
    | HallucinationPlugin
    | RouterReplayPlugin
    | MemoryPlugin
    | RagPlugin
    | ImageGenerationPlugin
    | FastResponsePlugin
    | RequestParamsPlugin
    | ResponseJailbreakPlugin
    | ToolsPlugin
    | ToolSelectionPlugin
    | ContextCompressionPlugin,
    Field(discriminator="type"),
    Variants("plugin type", PLUGIN_ALIASES),
]
"""A plugin; earlier spellings of a type are read as the type."""
