"""What each type of provider expects by default: where the credential goes and which path takes a chat completion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ProviderType:
    """`chat_suffix` is added to the base path. `bare_chat_path` is the whole path of an `endpoint` without a path, and
    of a `base_url` without one where the type is a server of one's own (`is_bare_server`), not a vendor's API.
    """

    auth_header: str = "authorization"
    auth_prefix: str = "Bearer"
    chat_suffix: str = "/chat/completions"
    bare_chat_path: str = "/v1/chat/completions"
    is_bare_server: bool = False
    takes_api_version: bool = False


DEFAULT_TYPE: Final = "vllm"
ANTHROPIC: Final = "anthropic"
NEEDS_RELAY: Final = "is not supported by this release: a backend that speaks Anthropic's protocol needs the relay"

PROVIDER_TYPES: Final[Mapping[str, ProviderType]] = {
    "openai": ProviderType(),
    "anthropic": ProviderType(
        auth_header="x-api-key", auth_prefix="", chat_suffix="/v1/messages", bare_chat_path="/v1/messages"
    ),
    "azure-openai": ProviderType(auth_header="api-key", auth_prefix="", takes_api_version=True),
    "bedrock": ProviderType(),
    "gemini": ProviderType(),
    "vertex-ai": ProviderType(),
    "minimax": ProviderType(chat_suffix="/v1/chat/completions"),
    # Whatever speaks OpenAI's protocol at the usual path: vLLM itself, and every type that this table does not know.
    "vllm": ProviderType(is_bare_server=True),
}

# Words that documents use for "speaks OpenAI's protocol"; they are near to none of the names above.
GENERIC_TYPES: Final = frozenset({"chat"})


def spelled(type_name: str) -> str:
    """`Azure_OpenAI` → `azure-openai`."""
    return type_name.strip().lower().replace("_", "-")


def provider_type_of(type_name: str | None, provider: str | None) -> str:
    """The row of the table that rules a backend: its type if known, else its provider, else vllm."""
    named = (spelled(name) for name in (type_name, provider) if name)
    return next((name for name in named if name in PROVIDER_TYPES), DEFAULT_TYPE)
