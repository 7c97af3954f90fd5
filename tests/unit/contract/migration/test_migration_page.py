"""The page about migration shows a file that really comes along as it says."""

from __future__ import annotations

import re
from pathlib import Path

from contract import parse_text
from contract.migration import migrate, remaining_faults

PAGE = Path(__file__).resolve().parents[4] / "docs" / "MIGRATION.md"


def test_the_example_of_litellm_becomes_what_the_page_says() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert example is not None

    migration = migrate(parse_text(example[1]))

    first, second = migration.document["providers"]["models"]
    assert (first["name"], second["name"]) == ("gpt-4o", "gpt-4")
    assert [ref["provider"] for ref in first["backend_refs"]] == ["azure-openai", "openai"]
    assert [ref["weight"] for ref in first["backend_refs"]] == [2, 1]
    assert first["reliability"]["retry_count"] == 2
    assert [note.old_path for note in migration.undecided] == ["router_settings.fallbacks"]
    assert remaining_faults(migration.document) == ()
