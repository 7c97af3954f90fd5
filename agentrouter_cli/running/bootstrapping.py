"""What the control plane says once it has started: the default workspace, and an admin key made for this run."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from agentrouter_cli.errors import CliError


def bootstrap_arguments(key_name: str) -> list[str]:
    """What `controlplane serve` is given to make them."""
    return ["--bootstrap-key", key_name]


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """What a run needs of it."""

    workspace_id: str
    management_key: str = field(repr=False)
    key_id: str

    @classmethod
    def read(cls, line: str) -> Bootstrapped:
        """From the line that the control plane printed. Raises CliError."""
        try:
            answer: dict[str, Any] = json.loads(line)
            return cls(answer["workspace_id"], answer["management_key"], answer["key_id"])
        except (ValueError, KeyError, TypeError):
            raise CliError("`controlplane serve` did not answer as expected; is the installation whole?") from None
