"""Whose configuration differs between two desired states, when that is all that differs."""

from __future__ import annotations

from collections.abc import Mapping

from contract import consumer_of_secret, parse_secret_ref
from liaison_agent.state import Configuration, Desired


def changed_consumers(before: Desired, now: Desired) -> list[str] | None:
    """The ids of consumers that changed, came or went; None when anything else differs too."""
    same = (
        before.workspace_id == now.workspace_id
        and before.workspace == now.workspace
        and before.jwks == now.jwks
        and before.revoked == now.revoked
    )
    owners = _owners_of_changed_secrets(before, now) if same else None
    if owners is None:
        return None
    return list(dict.fromkeys([*_changed(before.configurations, now.configurations), *owners]))


def _owners_of_changed_secrets(before: Desired, now: Desired) -> list[str] | None:
    """The consumers whose own secrets differ; None when one of the workspace's does."""
    if (before.secrets, before.origins, before.withheld) == (now.secrets, now.origins, now.withheld):
        return []
    kept = ((before.secrets, now.secrets), (before.origins, now.origins), (before.withheld, now.withheld))
    differing = {one for was, is_ in kept for one in was.items() ^ is_.items()}
    owners = {consumer_of_secret(parse_secret_ref(ref).name) for ref, _ in differing}
    return None if None in owners else sorted(owner for owner in owners if owner is not None)


def _changed(before: Mapping[str, Configuration], now: Mapping[str, Configuration]) -> list[str]:
    changed = [user for user, one in now.items() if one is not before.get(user) and one != before.get(user)]
    return changed + [user for user in before if user not in now]
