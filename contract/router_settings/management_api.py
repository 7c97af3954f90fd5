"""The router's own management listener: where it binds, who may call it, what each role may do."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator

from contract.fields import Items, Name, Part, Variable
from contract.router_settings.values import Chosen, Line, Port

_READING: Final = ("health.read", "ready.read", "docs.read", "metrics.read", "classify.invoke", "config.read")

DEFAULT_ROLES: Final = MappingProxyType(
    {
        "viewer": (*_READING, "replay.read", "data.read", "cache.read", "compression.read"),
        "operator": (
            *_READING,
            "config.write",
            "learning.ingest",
            "replay.read",
            "replay.detail",
            "data.read",
            "data.write",
            "cache.read",
            "cache.invalidate",
            "compression.read",
            "compression.preview",
        ),
        "admin": ("*",),
    }
)


def _over_default_roles(written: Any) -> Any:
    """A role that is written replaces the default role of that name; the others stay."""
    return {**DEFAULT_ROLES, **written} if isinstance(written, dict) else written


class ManagementToken(Part):
    """A bearer token, which the environment variable `env` holds, and the role it gives."""

    env: Variable
    role: Name


class ManagementAuth(Part):
    mode: Chosen[Literal["disabled", "bearer"]] = "disabled"
    tokens: Items[ManagementToken] = ()
    roles: Annotated[dict[Name, Items[Name]], BeforeValidator(_over_default_roles)] = dict(DEFAULT_ROLES)


class ManagementApi(Part):
    """The management listener. Whoever opens it to other machines must ask for tokens."""

    bind_address: Line = "127.0.0.1"
    port: Port = 8080
    remote_exposure: bool = False
    auth: ManagementAuth = ManagementAuth()
