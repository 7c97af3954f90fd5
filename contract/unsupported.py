"""How an agent says that its release cannot do something, and how the control plane recognises it."""

from __future__ import annotations

from typing import Final

NOT_SUPPORTED: Final = "not supported by this agent"


def not_supported(what: str) -> str:
    """The reason to give for a slot that this release does not know."""
    return f"{NOT_SUPPORTED}: {what}; upgrade the data plane"


def says_not_supported(reason: str) -> bool:
    """Whether a reason was made by `not_supported`."""
    return reason.startswith(NOT_SUPPORTED)
