"""What the contract allows and no data plane of this release runs yet: refused when a document is put, and by agents.

`agentrouter validate -f` judges the contract alone; to store such a part, and then not to act on it, would be worse
than to refuse it. A part that says what its default says, or that it is off, asks for nothing and is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from contract.faults import Fault, item, under
from contract.provider_types import ANTHROPIC, NEEDS_RELAY, spelled
from contract.router_settings.secrets import held_secrets
from contract.workspace_document import WorkspaceDocument

UNSERVED: Final[tuple[str, ...]] = (
    "listeners[].api_keys",
    "listeners[].routes",
    "routing.signals",
    "routing.projections",
    "routing.strategy",
    "routing.decisions",
    "entrypoints",
    "recipes",
    "setup",
    "global.router.config_source",
    "global.router.strategy",
    "global.router.auto_model_name",
    "global.router.auto_model_names",
    "global.router.clear_route_cache",
    "global.router.streamed_body",
    "global.router.skip_processing",
    "global.router.model_selection",
    "global.router.learning",
    "global.services.api",
    "global.services.response_api",
    "global.services.observability.tracing",
    "global.services.observability.metrics",
    "global.services.authz",
    "global.services.ratelimit",
    "global.services.management_api",
    "global.services.router_replay",
    "global.services.startup_status",
    "global.stores.response_cache",
    "global.stores.memory",
    "global.stores.vector_store",
    "global.integrations.tools",
    "global.integrations.looper",
    "global.model_catalog.embeddings",
    "global.model_catalog.system",
    "global.model_catalog.external",
    "global.model_catalog.kbs",
    "global.model_catalog.modules.prompt_compression",
    "global.model_catalog.modules.prompt_guard",
    "global.model_catalog.modules.classifier.domain",
    "global.model_catalog.modules.classifier.pii",
    "global.model_catalog.modules.classifier.mcp",
    "global.model_catalog.modules.classifier.preference",
    "global.model_catalog.modules.complexity",
    "global.model_catalog.modules.hallucination_mitigation",
    "global.model_catalog.modules.feedback_detector",
    "global.model_catalog.modules.modality_detector",
    "limits_class",
    "budget",
)
"""Paths of the parts, as documents write them; `[]` stands for any element. Take one out when data planes run it.

`global.router.include_config_models_in_list` is not here: data planes list the models of a document either way.
"""

_INSTEAD: Final = {
    "listeners[].api_keys": "take it out; callers present consumer keys, which `agentrouter keys` issues"
}


def unserved_parts(document: BaseModel) -> tuple[Fault, ...]:
    """One fault `unsupported` for each part that is written, differs from its default and is not run yet, and one fault
    `secret` for each credential in `global` that is not given by reference.
    """
    found = _unrun(document)
    if not isinstance(document, WorkspaceDocument):
        return found
    return (*held_secrets(document.global_settings), *_spoken_to_by_a_relay(document), *found)


def _unrun(document: BaseModel) -> tuple[Fault, ...]:
    return tuple(
        Fault(
            at,
            "unsupported",
            f"{at} is not run by any data plane of this release",
            _INSTEAD.get(pattern, "take it out"),
        )
        for pattern in UNSERVED
        for at in _written(document, pattern.split("."), "")
    )


def _spoken_to_by_a_relay(document: WorkspaceDocument) -> Iterator[Fault]:
    for index, model in enumerate(document.providers.models):
        path = item("providers.models", index)
        if model.api_format == ANTHROPIC:
            yield Fault(under(path, "api_format"), "unsupported", NEEDS_RELAY, "take it out")
        for number, ref in enumerate(model.backend_refs):
            for key, name in (("type", ref.type), ("provider", ref.provider)):
                if name and spelled(name) == ANTHROPIC:
                    at = under(item(under(path, "backend_refs"), number), key)
                    yield Fault(at, "unsupported", NEEDS_RELAY, "take it out")


def _written(holder: Any, way: list[str], path: str) -> Iterator[str]:
    step, *further = way
    key = step.removesuffix("[]")
    attribute = _attribute(type(holder), key)
    if attribute is None:
        return
    info, value = type(holder).model_fields[attribute], getattr(holder, attribute)
    at = under(path, key)
    if not further:
        default = info.get_default(call_default_factory=True, validated_data={})
        if value is not None and value != default and not _is_off(value):
            yield at
    elif step.endswith("[]"):
        for index, element in enumerate(value):
            yield from _written(element, further, item(at, index))
    elif value is not None:
        yield from _written(value, further, at)


def _is_off(value: Any) -> bool:
    """A feature that is turned off asks for nothing, whatever its default."""
    return getattr(value, "enabled", None) is False


def _attribute(model: type[BaseModel], key: str) -> str | None:
    """The attribute that documents call `key`; None in a document of another kind."""
    return next((name for name, info in model.model_fields.items() if key in (name, info.alias)), None)
