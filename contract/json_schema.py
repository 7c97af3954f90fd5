"""The documents as JSON Schema, for editors and other tools; it knows keys, types and words, not the references."""

from __future__ import annotations

import json
from typing import Any, Final

from contract.consumer_document import ConsumerDocument
from contract.fields import Part
from contract.workspace_document import WorkspaceDocument

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_WRITTEN_APART: Final = ("backends", "mode")


def workspace_json_schema() -> dict[str, Any]:
    """Of the workspace document."""
    return _schema(WorkspaceDocument, "AgentRouter workspace document v0.3")


def consumer_json_schema() -> dict[str, Any]:
    """Of a consumer's document as people write it: without what is saved apart and only delivered with it."""
    schema = _schema(ConsumerDocument, "AgentRouter consumer document consumer/v1")
    for key in _WRITTEN_APART:
        del schema["properties"][key]
    return _without_unused(schema)


def _schema(model: type[Part], title: str) -> dict[str, Any]:
    schema = _for_editors(model.model_json_schema(by_alias=True))
    return {"$schema": _DIALECT, **schema, "title": title}


def _for_editors(node: Any) -> Any:
    """Without defaults that say nothing, or are whole sections: an editor would offer pages to insert."""
    if isinstance(node, list):
        return [_for_editors(element) for element in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key != "default" or not (value is None or _is_section(value))}
    return {key: value if key == "default" else _for_editors(value) for key, value in kept.items()}


def _is_section(default: Any) -> bool:
    return isinstance(default, dict) and bool(default)


def _without_unused(schema: dict[str, Any]) -> dict[str, Any]:
    """Definitions that nothing refers to any more are left out."""
    while unused := {name for name in schema.get("$defs", {}) if f'"#/$defs/{name}"' not in _written(schema)}:
        schema["$defs"] = {name: part for name, part in schema["$defs"].items() if name not in unused}
    return schema


def _written(schema: dict[str, Any]) -> str:
    return json.dumps(schema)
