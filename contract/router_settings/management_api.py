"""The router's own management listener: where it binds, who may call it, what each role may do."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator

from contract.fields import Items, Name, Part, Variable, says
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

    env: Annotated[Variable, says("the variable of the router that holds the token")]
    role: Annotated[Name, says("what it may do: one of the roles")]


class ManagementAuth(Part):
    """Who may call the management listener."""

    mode: Annotated[Chosen[Literal["disabled", "bearer"]], says("everybody, or who presents a token")] = "disabled"
    tokens: Annotated[Items[ManagementToken], says("who is known")] = ()
    roles: Annotated[
        dict[Name, Items[Name]],
        BeforeValidator(_over_default_roles),
        says("by role, what it may do; * is everything. A default role stays unless one of its name is written"),
    ] = dict(DEFAULT_ROLES)


class ManagementApi(Part):
    """The management listener. Whoever opens it to other machines must ask for tokens."""

    bind_address: Annotated[Line, says("where it listens")] = "127.0.0.1"
    port: Annotated[Port, says("its port")] = 8080
    remote_exposure: Annotated[
        bool, says("whether it may listen on more than the loopback interface; needs tokens")
    ] = False
    auth: ManagementAuth = ManagementAuth()
