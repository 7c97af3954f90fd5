"""The first step of a run: the default tenant and workspace, and an admin key of its own, straight in the database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agentrouter_cli.errors import CliError
from agentrouter_cli.running.children import leashed
from agentrouter_cli.running.commands import bootstrap_arguments


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """What `controlplane bootstrap` prints, as far as a run needs it."""

    workspace_id: str
    management_key: str = field(repr=False)
    key_id: str


async def bootstrap(key_name: str, environment: Mapping[str, str]) -> Bootstrapped:
    """Raises CliError with what the control plane said."""
    process = await asyncio.create_subprocess_exec(
        *leashed(bootstrap_arguments(key_name)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment),
        start_new_session=True,
    )
    out, err = await process.communicate()
    if process.returncode:
        lines = err.decode("utf-8", errors="replace").strip().splitlines() or [f"exit code {process.returncode}"]
        raise CliError(f"the database cannot be prepared: {lines[-1].removeprefix('error: ')}")
    try:
        answer: dict[str, Any] = json.loads(out)
        return Bootstrapped(answer["workspace_id"], answer["management_key"], answer["key_id"])
    except (ValueError, KeyError, TypeError):
        raise CliError("`controlplane bootstrap` did not answer as expected; is the installation whole?") from None
