"""docs/API.md is what its table says, and the table names every RPC once."""

from __future__ import annotations

from controlplane.transport.operations import service_descriptors
from tools.api_examples import EXAMPLES
from tools.write_api_docs import PAGE, page


def test_the_page_is_what_the_table_says() -> None:
    assert PAGE.read_text() == page(), "run `.venv/bin/python -m tools.write_api_docs`"


def test_every_rpc_has_its_example() -> None:
    there = {f"{service.full_name}/{method.name}" for service in service_descriptors() for method in service.methods}

    assert {example.path for example in EXAMPLES} == there
    assert len(EXAMPLES) == len(there)
