"""Makes the data plane so: compile, push, and where a slot is refused push again with what it served before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from contract.own_secrets import consumer_of_secret
from contract.secret_refs import parse_secret_ref
from liaison_agent import planner
from liaison_agent.compiler.compilation import URGENT, Compiled
from liaison_agent.compiler.packing import PackError
from liaison_agent.kinds import name_in_proof
from liaison_agent.memory import Completion, HeldEvent, Memory, Proof
from liaison_agent.planner import Plan
from liaison_agent.ports import ApplyOutcome, Clock, Gateway, GatewayError, Names, Outage, Refused, StartRefused
from liaison_agent.state import Desired, ResourceSet

ROUNDS = 6
LOOK_EVERY = 10.0
PROVEN_RESOURCES = 5000


_log = logging.getLogger(__name__)


class Compile(Protocol):
    """Documents in, resources out; raises `PackError` when the workspace document cannot become any."""

    def __call__(self, desired: Desired, *, previous: Compiled | None) -> Compiled:
        """`previous` only saves work."""


class Credentials(Protocol):
    """What is presented for credentials that are never presented themselves: access tokens, kept fresh."""

    async def present(self, desired: Desired) -> Desired:
        """`desired` with tokens in their place; waits a little for those never tried."""

    async def changed(self) -> None:
        """Return when to present again would give something else."""

    def troubles(self) -> tuple[str, ...]:
        """Of what is presented, what cannot be renewed, for people."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it."""

    memory: Memory
    completions: tuple[Completion, ...]


@dataclass(frozen=True, slots=True)
class _Push:
    """One push: what was compiled and what came back. Without an outcome nothing may be claimed, and it goes on with
    what was not refused."""

    resources: ResourceSet | None
    outcome: ApplyOutcome | None
    refused: Mapping[str, str]
    warnings: tuple[str, ...] = ()


class Applier:
    """The only one that touches the gateway, one call at a time."""

    def __init__(
        self,
        gateway: Gateway,
        compile_: Compile,
        clock: Clock,
        names: Names | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        """`compile_` knows what `names` has learnt; without any, nothing is at a name. Without `credentials`, each is
        presented as it is."""
        self._gateway = gateway
        self._compile = compile_
        self._clock = clock
        self._names = names
        self._credentials = credentials
        self._compiled: Compiled | None = None
        self._desired: Desired | None = None
        self._presented: Desired | None = None
        self._warnings: tuple[str, ...] = ()
        self._outdated = False
        self._busy = asyncio.Lock()
        self.started = False
        self.envoy_version = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """For people: what of the documents was left out, what even the version before could not have, what is not
        renewed."""
        return (*self._warnings, *(self._credentials.troubles() if self._credentials else ()))

    @property
    def outages(self) -> tuple[Outage, ...]:
        """Consumers' own backends that are left out since there is no access token for them."""
        withheld = self._presented.withheld if self._presented else {}
        whose = ((parse_secret_ref(ref).name, why) for ref, why in withheld.items())
        return tuple((consumer_of_secret(name) or "", name.rpartition("/")[2], why) for name, why in whose)

    async def serve(self, plan: Plan) -> None:
        """Start serving a plan that was proven before, without claiming anything.

        Raises `GatewayError`."""
        async with self._busy:
            try:
                compiled = await self._compile_resolved(plan.desired)
            except PackError as error:
                raise GatewayError(f"what served before does not compile any more: {error}") from error
            refused = await self._start(compiled.resources)
            self._warnings = _warnings(compiled, refused)

    async def apply(self, memory: Memory, events: Iterable[HeldEvent]) -> Applied:
        """Bring everything to its newest version that is not refused, and conclude these events.

        Raises `GatewayError`; then nothing of it may be claimed."""
        async with self._busy:
            return await self._apply(memory, tuple(events))

    async def follow_names(self) -> None:
        """Keep upstreams at what their names resolve to, for ever."""
        while True:
            await self._clock.sleep(LOOK_EVERY)
            try:
                await self.refresh_names()
            except GatewayError as error:
                _log.warning("new addresses of upstreams wait: %s", error)
            except Exception:  # it must go on looking
                _log.exception("the names of upstreams could not be followed")

    async def refresh_names(self) -> None:
        """Look the names of what runs up again, and push what changed. Raises `GatewayError`."""
        if self._names is None or self._compiled is None or not self.started:
            return
        moved = await self._names.refresh(self._compiled.hosts)
        self._outdated = self._outdated or moved
        await self._push_outdated()

    async def follow_credentials(self) -> None:
        """Present what is renewed, for ever. A push that fails is tried again when names are looked at."""
        while self._credentials is not None:
            await self._credentials.changed()
            try:
                await self.refresh_credentials()
            except GatewayError as error:
                _log.warning("renewed access tokens wait: %s", error)
            except Exception:  # it must go on listening
                _log.exception("renewed access tokens could not be presented")

    async def refresh_credentials(self) -> None:
        """Push what is presented now, if it is not what was. Raises `GatewayError`."""
        if self._credentials is None or self._desired is None or not self.started:
            return
        async with self._busy:
            if await self._credentials.present(self._desired) != self._presented:
                self._outdated = True
        await self._push_outdated()

    async def _push_outdated(self) -> None:
        if self._outdated and self._desired is not None:
            async with self._busy:
                compiled = await self._compile_resolved(self._desired)
                outcome = await self._gateway.apply(compiled.resources)
                self._warnings = _warnings(compiled, _reasons(outcome.refused))
                self._outdated = False

    async def _compile_resolved(self, desired: Desired) -> Compiled:
        """Names that were never looked up are looked up first."""
        presented = await self._credentials.present(desired) if self._credentials else desired
        compiled = self._compile(presented, previous=self._compiled)
        if self._names is not None and await self._names.learn(compiled.hosts):
            compiled = self._compile(presented, previous=compiled)
        self._compiled, self._desired, self._presented = compiled, desired, presented
        return compiled

    async def _apply(self, memory: Memory, events: tuple[HeldEvent, ...]) -> Applied:
        for _ in range(ROUNDS):
            plan = planner.plan_newest(memory)
            pushed = await self._push(memory, plan)
            remembering = planner.rejecting(memory, plan, pushed.refused, events)
            if remembering is memory and pushed.outcome is not None:
                memory = planner.proven(memory, plan, pushed.refused)
                proofs = _proofs(events, pushed.outcome, pushed.resources or ResourceSet())
                ends = (planner.conclude(memory, event, pushed.refused, proofs[event.slot]) for event in events)
                self._warnings = pushed.warnings
                return Applied(memory, tuple(ends))
            memory = remembering
        raise GatewayError(f"no set of versions was accepted within {ROUNDS} pushes")

    async def _push(self, memory: Memory, plan: Plan) -> _Push:
        if not plan.serves and not self.started:
            return _Push(None, ApplyOutcome(self.envoy_version, (), (), self._clock.now()), {})
        try:
            compiled = await self._compile_resolved(plan.desired)
        except PackError as error:
            suspects = planner.suspects(memory, plan)
            if not suspects:
                raise GatewayError(f"what served before does not compile any more: {error}") from error
            return _Push(None, None, dict.fromkeys(suspects, str(error)))
        if not self.started and (refused_at_start := await self._start(compiled.resources)):
            return _Push(None, None, refused_at_start)
        await self._push_urgent(compiled.resources)
        outcome = await self._gateway.apply(compiled.resources)
        self.envoy_version = outcome.envoy_version
        refused = {**compiled.unreadable, **_reasons(outcome.refused)}
        return _Push(compiled.resources, outcome, refused, _warnings(compiled, refused))

    async def _push_urgent(self, wanted: ResourceSet) -> None:
        """Who may enter, alone and first; what is refused of it is refused again, and said, with everything else."""
        running = self._gateway.running()
        known = [one for key in URGENT if (one := wanted.get(key)) and key in running]
        urgent = [one for one in known if running[one.key].version != one.version]
        if urgent:
            await self._gateway.apply(running.changed_by(urgent))

    async def _start(self, resources: ResourceSet) -> Mapping[str, str]:
        try:
            await self._gateway.start(resources)
        except StartRefused as error:
            self.started = True
            return _reasons(error.refused)
        self.started = True
        return {}


def _reasons(refused: Iterable[Refused]) -> Mapping[str, str]:
    """Envoy's words by slot, each with the resource they are about."""
    reasons: dict[str, list[str]] = {}
    for one in refused:
        reasons.setdefault(one.slot, []).append(f"{name_in_proof((one.type_url, one.name))}: {one.reason}")
    return {slot: "; ".join(sorted(texts)) for slot, texts in reasons.items()}


def _warnings(compiled: Compiled, refused: Mapping[str, str]) -> tuple[str, ...]:
    left_out = (f"left out: {one}" for one in compiled.left_out)
    return (*left_out, *(f"refused: {slot}: {reason}" for slot, reason in refused.items()))


def _proofs(events: Iterable[HeldEvent], outcome: ApplyOutcome, resources: ResourceSet) -> Mapping[str, Proof]:
    """For each event's slot, what was read back of that slot's resources."""
    read_back = {one.name: one.digest for one in outcome.proven}
    found: dict[str, list[tuple[str, str]]] = {event.slot: [] for event in events}
    for key, resource in resources.items() if found else ():
        if resource.slot in found and (name := name_in_proof(key)) in read_back:
            found[resource.slot].append((name, read_back[name]))
    return {
        slot: Proof(outcome.envoy_version, tuple(sorted(pairs)[:PROVEN_RESOURCES]), outcome.applied_at)
        for slot, pairs in found.items()
    }
