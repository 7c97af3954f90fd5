"""What LiteLLM knows of a provider by its prefix: the address, the variable of the key, and what we call it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Vendor:
    """`base_url` is where the provider itself answers; without one, the file has to give `api_base`."""

    provider: str
    base_url: str = ""
    key_variable: str = ""
    chat_path: str = ""


VENDORS: Final[Mapping[str, Vendor]] = {
    "openai": Vendor("openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    "anthropic": Vendor("anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY"),
    "azure": Vendor("azure-openai", key_variable="AZURE_API_KEY"),
    "gemini": Vendor("gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    "bedrock": Vendor("bedrock", key_variable="AWS_BEARER_TOKEN_BEDROCK"),
    "vertex_ai": Vendor("vertex-ai"),
    "minimax": Vendor("minimax", "https://api.minimax.io", "MINIMAX_API_KEY"),
    "mistral": Vendor("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "groq": Vendor("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "deepseek": Vendor("deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "together_ai": Vendor("together-ai", "https://api.together.xyz/v1", "TOGETHERAI_API_KEY"),
    "fireworks_ai": Vendor("fireworks-ai", "https://api.fireworks.ai/inference/v1", "FIREWORKS_AI_API_KEY"),
    "openrouter": Vendor("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "perplexity": Vendor("perplexity", "https://api.perplexity.ai", "PERPLEXITYAI_API_KEY", "/chat/completions"),
    "xai": Vendor("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
    "cerebras": Vendor("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    "nvidia_nim": Vendor("nvidia-nim", "https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY"),
    "sambanova": Vendor("sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
    "deepinfra": Vendor("deepinfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    "moonshot": Vendor("moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
    "cohere": Vendor("cohere", "https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY"),
    "cohere_chat": Vendor("cohere", "https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY"),
    "ollama": Vendor("vllm", "http://localhost:11434"),
    "ollama_chat": Vendor("vllm", "http://localhost:11434"),
    "hosted_vllm": Vendor("vllm"),
    "vllm": Vendor("vllm"),
    "lm_studio": Vendor("lm-studio"),
    "litellm_proxy": Vendor("openai"),
    "openai_like": Vendor("openai"),
}

# Names that LiteLLM knows without a prefix.
BARE_NAMES: Final[tuple[tuple[str, str], ...]] = (
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("claude-", "anthropic"),
)


def vendor_of(model: str, named: str | None) -> tuple[Vendor | None, str]:
    """`azure/gpt-eu` → the vendor and the model's own name; `named` is a provider that the file gives apart."""
    if named:
        return VENDORS.get(named), model.removeprefix(f"{named}/")
    prefix, slash, rest = model.partition("/")
    if slash:
        return VENDORS.get(prefix), rest
    bare = next((vendor for start, vendor in BARE_NAMES if model.startswith(start)), "")
    return VENDORS.get(bare), model
