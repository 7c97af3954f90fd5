"""A consumer's own backends: the whole set at once, without the credentials, which are secrets of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class BackendMode(Enum):
    """How a consumer's own backends and the platform's share its requests, as documents spell it."""

    EXCLUSIVE = "EXCLUSIVE"
    PREFERRED = "PREFERRED"
    FALLBACK = "FALLBACK"


@dataclass(frozen=True, slots=True)
class Credential:
    """What may be shown of a stored credential, and the only origin it may be sent to (`https://host:port`).

    `last_four` is empty for one so short that four characters would tell much of it.
    """

    kind: str
    last_four: str
    origin: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Backend:
    """One place; `base_url` empty: where the workspace reaches `provider`. `models` empty: all of that provider's."""

    name: str
    provider: str
    protocol: str
    base_url: str
    models: tuple[str, ...]
    weight: int
    priority: int
    credential: Credential


@dataclass(frozen=True, slots=True)
class BackendSet:
    """The backends of one (workspace, consumer); without any, `mode` is None and the platform's serve alone."""

    workspace_id: str
    user_id: str
    mode: BackendMode | None
    backends: tuple[Backend, ...]
    etag: str
    updated_at: datetime
