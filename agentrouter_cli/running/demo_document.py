"""The workspace documents that `run` puts where there is none: the demo provider's and OpenAI's. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from agentrouter_cli.running.ports import GATEWAY_PORT, HOST

OPENAI_URL: Final = "https://api.openai.com/v1"
MODEL: Final = "demo"

_OPENAI_MODELS: Final = (
    "gpt-5.2",
    "gpt-5.1",
    "gpt-5",
    "gpt-5-mini",
    "gpt-5-nano",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-4o",
    "gpt-4o-mini",
    "o4-mini",
    "o3",
)
_OPENAI_BEHIND_DEMO: Final = "gpt-4o-mini"


@dataclass(frozen=True, slots=True)
class OpenAi:
    """The real provider, as the environment names it."""

    api_key: str = field(repr=False)
    base_url: str = OPENAI_URL

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> OpenAi | None:
        """None without OPENAI_API_KEY."""
        key = environment.get("OPENAI_API_KEY", "").strip()
        return cls(key, environment.get("OPENAI_BASE_URL", "").strip().rstrip("/") or OPENAI_URL) if key else None


def demo_document(demo_port: int, listener_port: int = GATEWAY_PORT) -> dict[str, Any]:
    """`demo` is an alias with two upstreams, so that failover can be seen; `demo-beta` has the second one alone.

    It needs no credential: the document can be printed, changed and applied again, with any other upstream in it.
    """
    alpha, beta = (_demo_backend(demo_port, name, weight) for name, weight in (("alpha", 2), ("beta", 1)))
    models = [
        {"name": MODEL, "provider_model_id": "demo-large", "backend_refs": [alpha, beta]},
        {"name": "demo-beta", "provider_model_id": "demo-small", "backend_refs": [{**beta, "name": "beta"}]},
    ]
    descriptions = {
        MODEL: "The demo provider: upstream alpha, and beta when alpha fails.",
        "demo-beta": "The demo provider's upstream beta alone.",
    }
    return _document(models, descriptions, listener_port)


def openai_document(openai: OpenAi, listener_port: int = GATEWAY_PORT) -> dict[str, Any]:
    """OpenAI's chat models under their own names, and `demo` as an alias of a small one."""
    models = [_openai_model(openai, name, name) for name in _OPENAI_MODELS]
    models.append(_openai_model(openai, MODEL, _OPENAI_BEHIND_DEMO))
    descriptions = dict.fromkeys(_OPENAI_MODELS, "OpenAI.") | {MODEL: f"An alias of {_OPENAI_BEHIND_DEMO}."}
    return _document(models, descriptions, listener_port)


def first_listener(document: Mapping[str, Any]) -> int:
    """The port of its first listener; 0 when it has none."""
    listeners = document.get("listeners")
    first = listeners[0] if isinstance(listeners, list) and listeners else {}
    port = first.get("port", 0) if isinstance(first, dict) else 0
    return port if isinstance(port, int) else 0


def first_model(document: Mapping[str, Any]) -> str:
    """The model that printed commands ask for: `demo` where there is one, else the first; empty when there is none."""
    providers = document.get("providers")
    models = providers.get("models") if isinstance(providers, dict) else None
    names = [str(model.get("name", "")) for model in models or [] if isinstance(model, dict)]
    return MODEL if MODEL in names else next(iter(names), "")


def _document(models: list[dict[str, Any]], descriptions: Mapping[str, str], listener_port: int) -> dict[str, Any]:
    cards = [{"name": model["name"], "description": descriptions[model["name"]]} for model in models]
    return {
        "version": "v0.3",
        "listeners": [{"name": "public", "address": HOST, "port": listener_port}],
        "providers": {"defaults": {"default_model": MODEL}, "models": models},
        "routing": {"modelCards": cards},
    }


def _demo_backend(port: int, name: str, weight: int) -> dict[str, Any]:
    return {"name": name, "base_url": f"http://{HOST}:{port}/{name}/v1", "weight": weight}


def _openai_model(openai: OpenAi, name: str, upstream_model: str) -> dict[str, Any]:
    backend = {"name": "openai", "provider": "openai", "base_url": openai.base_url, "api_key": openai.api_key}
    return {"name": name, "provider_model_id": upstream_model, "backend_refs": [backend]}
