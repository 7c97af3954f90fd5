"""`schema`: the JSON Schema of documents, for editors that complete and check while somebody types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

import contract
from agentrouter_cli.errors import WrongUsage


def schema(
    consumer: Annotated[bool, typer.Option("--consumer", help="That of a consumer's document.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it into this file.")] = None,
) -> None:
    """Print the JSON Schema of the workspace document, or of a consumer's.

    Editors take it from a first line such as: # yaml-language-server: $schema=workspace.schema.json
    """
    written = json.dumps(
        contract.consumer_json_schema() if consumer else contract.workspace_json_schema(), indent=2, ensure_ascii=False
    )
    if output is None:
        print(written)
        return
    try:
        output.write_text(f"{written}\n", encoding="utf-8")
    except OSError as problem:
        raise WrongUsage(f"cannot write {output}: {problem.strerror or problem}") from None
