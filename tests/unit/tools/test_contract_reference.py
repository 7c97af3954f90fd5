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


def test_every_field_says_what_it_means() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]

    assert [row for row in rows if row.endswith("|  |")] == []
    assert len(rows) > 1000


def test_what_no_data_plane_runs_is_marked() -> None:
    marked = [line for line in page().splitlines() if "*not run yet*" in line]

    assert "### `routing.signals` *not run yet*" in marked
    assert any(line.startswith("| `api_keys` ") for line in marked)
    assert not any(line.startswith("### `providers") for line in marked)
