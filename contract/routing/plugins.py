"""The plugins of a decision: each type and its own configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from contract.fields import Part, Variants
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
    type: Literal["response_cache"]
    configuration: ResponseCache


class SystemPromptPlugin(Part):
    type: Literal["system_prompt"]
    configuration: SystemPrompt


class HeaderMutationPlugin(Part):
    type: Literal["header_mutation"]
    configuration: HeaderMutation


class HallucinationPlugin(Part):
    type: Literal["hallucination"]
    configuration: Hallucination


class RouterReplayPlugin(Part):
    type: Literal["router_replay"]
    configuration: RouterReplay


class MemoryPlugin(Part):
    type: Literal["memory"]
    configuration: Memory


class RagPlugin(Part):
    type: Literal["rag"]
    configuration: Rag


class ImageGenerationPlugin(Part):
    type: Literal["image_gen"]
    configuration: ImageGeneration


class FastResponsePlugin(Part):
    type: Literal["fast_response"]
    configuration: FastResponse


class RequestParamsPlugin(Part):
    type: Literal["request_params"]
    configuration: RequestParams


class ResponseJailbreakPlugin(Part):
    type: Literal["response_jailbreak"]
    configuration: ResponseJailbreak


class ToolsPlugin(Part):
    type: Literal["tools"]
    configuration: Tools


class ToolSelectionPlugin(Part):
    type: Literal["tool_selection"]
    configuration: ToolSelection


class ContextCompressionPlugin(Part):
    type: Literal["context_compression"]
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
