"""The workspace document as JSON Schema, for editors and other tools; it knows the types, not the references."""

from __future__ import annotations

from typing import Any

from contract.workspace_document import WorkspaceDocument


def workspace_json_schema() -> dict[str, Any]:
    schema = WorkspaceDocument.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
