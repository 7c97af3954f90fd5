"""docs/CONTRACT.md tells the truth: its examples are accepted as they stand, and it explains every code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from contract import expand_environment, parse_consumer, parse_text, parse_workspace
from contract.faults import FaultCode

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "CONTRACT.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_examples_are_accepted() -> None:
    workspace, routes, consumer = EXAMPLES

    document = parse_workspace(expand_environment(parse_text(workspace), {"OPENAI_API_KEY": "sk-1"}))

    assert document.providers.models[0].backend_refs[0].api_key == "sk-1"
    whole = {"version": "v0.3", "routing": {}, **parse_text(routes)}
    assert parse_workspace(whole).listeners[0].routes[0].prefix == "/team-a"
    assert parse_consumer(parse_text(consumer)).models == ("fast",)


def test_the_page_lists_exactly_the_codes_there_are() -> None:
    listed = re.findall(r"^\| `([a-z_]+)` \|", PAGE.partition("## Faults")[2], re.MULTILINE)

    assert sorted(listed) == sorted(get_args(FaultCode))
