"""docs/CONTRACT-REFERENCE.md says what the models say, of every field."""

from __future__ import annotations

from contract import consumer_json_schema, workspace_json_schema
from tools.write_contract_reference import PAGE, page


def test_the_page_is_what_the_models_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `.venv/bin/python -m tools.write_contract_reference`"


def test_every_field_of_every_section_has_its_row() -> None:
    rows = [line.split(" | ")[0] for line in page().splitlines() if line.startswith("| `")]

    for schema in (workspace_json_schema(), consumer_json_schema()):
        for part in (schema, *schema["$defs"].values()):
            assert {f"| `{key}`" for key in part.get("properties", {})} <= set(rows), part["title"]
