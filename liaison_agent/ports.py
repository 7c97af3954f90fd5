"""What the agent asks of the world around it, one section a neighbour. The doc comments are the contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from liaison_agent.state import ResourceSet

# --- data plane -------------------------------------------------------------------------------------------------------


class GatewayError(Exception):
    """The data plane did not do what was asked; the message is safe to show."""


class GatewayUnavailable(GatewayError):
    """Envoy cannot be started, reached, or died on the way; nothing of the call may be claimed."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One resource that Envoy did not take. `reason` is Envoy's text, cleaned: no dump, no secret."""

    slot: str
    type_url: str
    name: str
    reason: str


class StartRefused(GatewayError):
    """Envoy runs and serves the rest of the initial set, but refused these; the caller may go on."""

    def __init__(self, refused: tuple[Refused, ...]) -> None:
        super().__init__("; ".join(f"{one.name}: {one.reason}" for one in refused))
        self.refused = refused


@dataclass(frozen=True, slots=True)
class ProvenResource:
    """A resource read back from Envoy, active. `name` is like "cluster/openai", `digest` its resource version."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class ApplyOutcome:
    """What came of one `apply`.

    `proven` covers every resource that runs and was read back from this very Envoy process, in this call or before; one
    that nothing in Envoy asks for (a secret without a user) is offered, and neither proven nor refused.
    `refused` names what went back to what ran before, or away if it was new.
    """

    envoy_version: str
    proven: tuple[ProvenResource, ...]
    refused: tuple[Refused, ...]
    applied_at: datetime


class Gateway(Protocol):
    """The Envoy of this data plane. Calls are serialised inside; a cancelled call claims nothing."""

    async def start(self, initial: ResourceSet) -> None:
        """Serve this set, start Envoy or adopt the one left running; returns when its listeners are active.

        Raises `GatewayUnavailable` (no binary, another instance, Envoy does not come up) and `StartRefused`.
        """

    async def apply(self, wanted: ResourceSet) -> ApplyOutcome:
        """Push what differs from what runs; returns when everything is acknowledged or refused, and read back.

        A refused resource goes back to what ran before, everybody else's change stays. Raises `GatewayUnavailable`
        when Envoy cannot be reached or dies; then the set that ran before is what the next Envoy gets.
        """

    async def stop(self, *, drain: timedelta) -> None:
        """Stop accepting, wait up to `drain` for active requests, end Envoy. Harmless when nothing runs."""

    def running(self) -> ResourceSet:
        """The set that Envoy was last seen to accept, and gets again when it restarts."""
