"""One call of an RPC as docs/API.md shows it: who may make it, what is sent, what later calls need of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CONFIGURATOR = "agentrouter.configurator.v1.ConfiguratorService"
MANAGEMENT = "agentrouter.management.v1."
ADMIN, OPERATOR, VIEWER, PLATFORM = "role admin", "role operator", "role viewer", "a platform key of role admin"
DATAPLANE = "the data plane itself"
EITHER = "role viewer, or a data plane"
NOBODY = "no credential: the join token is one"


@dataclass(frozen=True, slots=True)
class Example:
    """One call. `caller`: who may, for people."""

    service: str
    method: str
    says: str
    caller: str
    body: Mapping[str, Any] = field(default_factory=dict)
    keeps: Mapping[str, str] = field(default_factory=dict)
    streams: bool = False

    @property
    def path(self) -> str:
        """`package.Service/Method`."""
        return f"{self.service}/{self.method}"

    @property
    def token(self) -> str:
        """The variable whose value is sent; empty for none."""
        return {NOBODY: "", DATAPLANE: "DATAPLANE_TOKEN"}.get(self.caller, "AK")


def documents(method: str, says: str, caller: str, **more: Any) -> Example:
    return Example(f"{MANAGEMENT}DocumentService", method, says, caller, **more)


def configurator(method: str, says: str, caller: str, **more: Any) -> Example:
    return Example(CONFIGURATOR, method, says, caller, **more)


def dataplanes(method: str, says: str, caller: str, **more: Any) -> Example:
    return Example(f"{MANAGEMENT}DataplaneService", method, says, caller, **more)
