"""An agent as the model has it: what it received, what it holds, what it has proven; it forgets and repeats itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from controlplane.domain.callers import DataplaneCaller


@dataclass(frozen=True, slots=True)
class Held:
    """An event that was acknowledged, with the token of that time. `known`: of a life that is over, what it knew."""

    event_id: str
    slot: str
    version: int
    token: int
    full: bool
    known: Mapping[str, tuple[int, str]] | None = None


@dataclass(slots=True)
class ModelAgent:
    """`known`: version and digest of the newest received, by slot. `refused_keys`: ids of revoked ones.

    `proven`: the newest version that any completion claimed for a slot, `refused`: the newest taken as refused.

    `back`: what it took back and has not tried again, by slot.
    `heard`: its newest life that the control plane was told of. `former`: what earlier lives held. `tokens`: the newest
    token given for each event, heard of or not.
    """

    caller: DataplaneCaller
    boot: int = 1
    heard: int = 0
    revision: int = 0
    epoch: str = ""
    cursor: int = 0
    lost: bool = False
    known: dict[str, tuple[int, str]] = field(default_factory=dict)
    refused_keys: set[str] = field(default_factory=set)
    waiting: dict[str, Any] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    former: list[Held] = field(default_factory=list)
    tokens: dict[str, int] = field(default_factory=dict)
    ended: list[tuple[Held, ev.CompleteEventRequest]] = field(default_factory=list)
    proven: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    back: dict[str, conf.RevertedSlot] = field(default_factory=dict)

    @property
    def configurations_proven(self) -> list[str]:
        """Their slots."""
        return sorted(slot for slot in self.proven if slot.startswith("config/"))

    def poll(self) -> conf.GetConfigurationRequest:
        """From where it stands."""
        return conf.GetConfigurationRequest(
            since_revision=self.revision,
            epoch=self.epoch,
            event_cursor=self.cursor,
            boot=self.as_boot(),
            report=conf.AgentReport(ledger_lost=self.lost, reverted=self.back.values()),
        )

    def take(self, news: Any) -> None:
        """Keep what came."""
        for each in news.configurations:
            self.known[f"config/{each.user_id}"] = (each.version, each.digest)
        for each in news.revocations:
            newest = max(each.revision, self.known.get("revocations", (0, ""))[0])
            self.known["revocations"] = (newest, "")
            self.refused_keys.add(each.jti)
        self.waiting |= {event.id: event for event in news.pending_events}
        self.revision, self.epoch, self.cursor = news.revision, news.epoch, news.event_cursor
        self.lost = False

    def restart(self, *, losing_ledger: bool) -> None:
        """Its next life asks for pending events anew, and for everything when its disk was lost."""
        self.boot += 1
        self.former += [replace(each, known=dict(self.known)) for each in self.held.values()]
        self.cursor, self.waiting, self.held = 0, {}, {}
        if losing_ledger:
            self.revision, self.epoch, self.lost, self.known, self.back = 0, "", True, {}, {}
            self.refused_keys = set()

    def as_boot(self, counter: int | None = None) -> ev.Boot:
        """This life, or a former one."""
        counter = counter or self.boot
        return ev.Boot(counter=counter, nonce=f"{self.caller.dataplane_id}-{counter}")

    def acknowledged(self, event: Any) -> Held:
        """The event is its own now."""
        full = event.payload.fields["full"].bool_value if event.HasField("payload") else False
        self.waiting.pop(event.id, None)
        held = Held(event.id, event.slot, event.configuration_version, event.fencing_token, full)
        self.held[event.id] = held
        return held

    def completion(self, held: Held, *, applied: bool, retryable: bool = False) -> ev.CompleteEventRequest:
        """For the newest version it has; what it claims to have applied counts as proven from now on."""
        has = self.known if held.known is None else held.known
        version, digest = has.get(held.slot, (held.version, ""))
        version = max(version, held.version)
        request = ev.CompleteEventRequest(
            event_id=held.event_id,
            outcome=ev.EVENT_OUTCOME_APPLIED if applied else ev.EVENT_OUTCOME_FAILED,
            version=version,
            digest=digest,
            retryable=retryable,
            error="" if applied else "Envoy said no",
            fencing_token=held.token,
        )
        if applied:
            self.claim(held.slot, version)
        if held.full and not retryable:
            for slot, (known, _) in has.items():
                if slot != held.slot:
                    self.claim(slot, known)
        return request

    def claim(self, slot: str, version: int) -> None:
        """It said so, whether or not anybody heard."""
        self.proven[slot] = max(self.proven.get(slot, 0), version)
        self.back.pop(slot, None)

    def take_back(self, slot: str) -> None:
        """What it proved last does not serve any more."""
        version = self.proven[slot]
        told = conf.RevertedSlot(slot=slot, from_version=version, to_version=version - 1)
        told.reverted_at.FromSeconds(self.boot * 1000 + len(self.ended))
        self.back[slot] = told
