"""Whose configuration differs between two desired states, when that is all that differs."""

from __future__ import annotations

from collections.abc import Mapping

from liaison_agent.state import Configuration, Desired


def changed_consumers(before: Desired, now: Desired) -> list[str] | None:
    """The ids of consumers that changed, came or went; None when anything else differs too."""
    same = (
        before.workspace_id == now.workspace_id
        and before.workspace == now.workspace
        and before.jwks == now.jwks
        and before.revoked == now.revoked
        and before.secrets == now.secrets
        and before.origins == now.origins
    )
    return _changed(before.configurations, now.configurations) if same else None


def _changed(before: Mapping[str, Configuration], now: Mapping[str, Configuration]) -> list[str]:
    changed = [user for user, one in now.items() if one is not before.get(user) and one != before.get(user)]
    return changed + [user for user in before if user not in now]
