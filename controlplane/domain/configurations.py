"""Configurations: stored documents with version and digest, one line of versions for each (workspace, user)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum


class ConfigurationState(Enum):
    """What a stored version is to data planes."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Configuration:
    """One version. `user_id` is empty for the workspace document; `document` and `digest` are empty in a tombstone.

    `digest` is the lower-case hex sha256 of `document`; `secret_refs` are the versioned references the document holds.
    """

    workspace_id: str
    user_id: str
    version: int
    revision: int
    digest: str
    state: ConfigurationState
    document: bytes = field(repr=False)
    secret_refs: tuple[str, ...]
    reason: str
    created_at: datetime

    @property
    def slot(self) -> str:
        """The slot of every data plane of the workspace that this configuration belongs in."""
        return config_slot(self.user_id)

    def removed(self, version: int, revision: int, reason: str, created_at: datetime) -> Configuration:
        """The tombstone that follows this version, which must be ACTIVE."""
        return replace(
            self,
            version=version,
            revision=revision,
            digest="",
            state=ConfigurationState.REMOVED,
            document=b"",
            secret_refs=(),
            reason=reason,
            created_at=created_at,
        )


@dataclass(frozen=True, slots=True)
class SlotValue:
    """A value with a slot of its own (`gatekeeper_keys`, `proxy_url`, `mcp/<id>`); `value` is canonical JSON.

    `dataplane_id` is empty for a value of every data plane of the workspace.
    """

    workspace_id: str
    slot: str
    version: int
    revision: int
    digest: str
    value: bytes
    tombstone: bool = False
    dataplane_id: str = ""


def config_slot(user_id: str) -> str:
    """`config/` for the workspace document, `config/<user>` for a consumer's."""
    return f"config/{user_id}"
