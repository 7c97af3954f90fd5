"""The documents as JSON Schema, for editors and other tools; it knows keys, types and words, not the references."""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from contract.canonical import canonical_bytes
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


def schema_of(model: type[Part]) -> dict[str, Any]:
    """The JSON Schema of a model, keys and defaults as documents write them, earlier names of fields among them."""
    return model.model_json_schema(by_alias=True, schema_generator=_Generator)


class _Generator(GenerateJsonSchema):
    """Writes defaults as the canonical form does: durations as text, a section only with what it says."""

    def encode_default(self, dft: Any) -> Any:
        return json.loads(canonical_bytes({"default": dft}))["default"]


def _schema(model: type[Part], title: str) -> dict[str, Any]:
    schema = _for_editors(schema_of(model))
    return {"$schema": _DIALECT, **schema, "title": title}


def _for_editors(node: Any) -> Any:
    """Without defaults that say nothing, and without earlier names of fields, which are still read."""
    if isinstance(node, list):
        return [_for_editors(element) for element in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key != "default" or value is not None}
    if isinstance(properties := kept.get("properties"), dict):
        kept["properties"] = {
            key: field for key, field in properties.items() if not (isinstance(field, dict) and field.get("deprecated"))
        }
    return {key: value if key == "default" else _for_editors(value) for key, value in kept.items()}


def _without_unused(schema: dict[str, Any]) -> dict[str, Any]:
    """Definitions that nothing refers to any more are left out."""
    while unused := {name for name in schema.get("$defs", {}) if f'"#/$defs/{name}"' not in _written(schema)}:
        schema["$defs"] = {name: part for name, part in schema["$defs"].items() if name not in unused}
    return schema


def _written(schema: dict[str, Any]) -> str:
    return json.dumps(schema)
