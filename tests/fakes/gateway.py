"""A gateway without an Envoy: keeps what it is given, refuses what says so, and outlives the agent as Envoy does."""

from __future__ import annotations

import json
from datetime import timedelta

from liaison_agent.compiler.compilation import Compiled
from liaison_agent.compiler.gateway import LeftOut
from liaison_agent.compiler.packing import PackError
from liaison_agent.compiler.revocations import TABLES
from liaison_agent.kinds import EXTENSION, LISTENER, SCOPE, SECRET, name_in_proof
from liaison_agent.ports import ApplyOutcome, Clock, ProvenResource, Refused, StartRefused
from liaison_agent.state import KEYS_SLOT, REVOCATIONS_SLOT, Desired, Resource, ResourceKey, ResourceSet, slot_of


def compile_simply(desired: Desired, *, previous: Compiled | None = None) -> Compiled:
    """One resource a document, whose body is the document; consumers' secrets filled in, so that a change shows."""
    if desired.workspace is None:
        return Compiled(ResourceSet(), ())
    if json.loads(desired.workspace.document).get("does_not_pack"):
        raise PackError("the workspace document does not pack")
    resources = [Resource.of(SECRET.type_url, "keys", desired.jwks, KEYS_SLOT)]
    left_out = []
    for user_id, configuration in desired.configurations.items():
        kind = SCOPE if user_id else LISTENER
        body = configuration.document
        for ref, value in desired.secrets.items():
            body = body.replace(ref.encode(), value.encode())
        resources.append(Resource.of(kind.type_url, user_id or "public", body, slot_of(user_id)))
        if lacking := json.loads(configuration.document).get("lacking"):
            left_out.append(LeftOut(user_id, lacking, "the workspace lacks it"))
    return Compiled(ResourceSet(resources), tuple(left_out))


def compile_with_revocations(desired: Desired, *, previous: Compiled | None = None) -> Compiled:
    """The same, and a table of revoked keys under the name that the real one has."""
    compiled = compile_simply(desired, previous=previous)
    if desired.workspace is None:
        return compiled
    body = ",".join(sorted(desired.revoked)).encode()
    table = Resource.of(EXTENSION.type_url, TABLES[0], body, REVOCATIONS_SLOT)
    return Compiled(compiled.resources.changed_by([table]), compiled.left_out)


class FakeGateway:
    """Implements `Gateway`. A resource whose body holds `"refuse"` is refused, by the text behind it; so is whatever
    holds the bytes `refuses`. `faults` are raised by the next calls, before anything happens; `after_push` once
    something was pushed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._served: dict[ResourceKey, Resource] = {}
        self.alive = False
        self.pushes: list[ResourceSet] = []
        self.started_with: list[ResourceSet] = []
        self.faults: list[BaseException] = []
        self.after_push: list[BaseException] = []
        self.stopped = False
        self.refuses = b""

    async def start(self, initial: ResourceSet) -> None:
        """See `Gateway`."""
        self._raise(self.faults)
        self.started_with.append(initial)
        self.alive = True
        refused = self._push(initial)
        if refused:
            raise StartRefused(refused)

    async def apply(self, wanted: ResourceSet) -> ApplyOutcome:
        """See `Gateway`."""
        self._raise(self.faults)
        refused = self._push(wanted)
        self._raise(self.after_push)
        proven = tuple(ProvenResource(name_in_proof(key), one.version) for key, one in self._served.items())
        return ApplyOutcome("1.40.0-fake", proven, refused, self._clock.now())

    async def stop(self, *, drain: timedelta) -> None:
        """See `Gateway`."""
        self.alive, self.stopped = False, True
        self._served = {}

    def running(self) -> ResourceSet:
        """See `Gateway`."""
        return ResourceSet(self._served.values())

    def served(self, slot: str) -> bytes | None:
        """The body that serves for a slot."""
        return next((one.body for one in self._served.values() if one.slot == slot), None)

    def die(self) -> None:
        """Envoy crashes, and with it what it served."""
        self.alive, self._served = False, {}

    def times_pushed(self, body: bytes) -> int:
        """How often something that holds these bytes was pushed anew."""
        return sum(any(body in one.body for one in pushed.values()) for pushed in self.pushes)

    def _push(self, wanted: ResourceSet) -> tuple[Refused, ...]:
        changed, removed = ResourceSet(self._served.values()).diff(wanted)
        self.pushes.append(ResourceSet(changed))
        for key in removed:
            del self._served[key]
        refused = []
        for one in changed:
            if reason := _refusal(one.body) or (self.refuses and self.refuses in one.body and "address in use"):
                refused.append(Refused(one.slot, one.type_url, one.name, reason))
            else:
                self._served[one.key] = one
        return tuple(refused)

    def _raise(self, faults: list[BaseException]) -> None:
        if faults:
            raise faults.pop(0)


def _refusal(body: bytes) -> str | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found.get("refuse") if isinstance(found, dict) else None
