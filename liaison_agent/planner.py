"""Decides which version of each slot the data plane should run, and what each event's end is. Pure: no clock, no I/O.

The newest version of a slot is wanted, unless it was refused: then the last known good stays, and nothing at all for a
consumer whose newest version is removed or disabled, since that fact is never rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from contract.report_words import clipped
from contract.unsupported import not_supported
from liaison_agent.intake import secrets_to_serve, without_needless_secrets
from liaison_agent.memory import (
    Completion,
    HeldEvent,
    Memory,
    Present,
    Proof,
    Received,
    Rejection,
    SlotMemory,
    Tombstone,
    Value,
    without,
)
from liaison_agent.state import KEYS_SLOT, REVOCATIONS_SLOT, WORKSPACE_SLOT, Configuration, Desired

PROXY_URL_SLOT = "proxy_url"
MCP_SLOTS = "mcp/"
NO_KEYS = b'{"keys":[]}'
REASON_CHARACTERS = 4000
NAMED_REFUSALS = 2000  # together far below the limit of a request
NAMED_REASON_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """What the gateway should be, and which version of each slot that is (None: nothing of that slot)."""

    desired: Desired
    chosen: Mapping[str, Present | None]

    @property
    def serves(self) -> bool:
        """Whether there is a workspace document; without one there is nothing to serve."""
        return self.desired.workspace is not None


def plan_newest(memory: Memory) -> Plan:
    """The newest version of everything that was not refused."""
    workspace = _wanted(memory, WORKSPACE_SLOT, 0)
    version = workspace.version if workspace else 0
    return _composed(memory, {slot: _wanted(memory, slot, version) for slot in memory.slots})


def plan_last_known_good(memory: Memory) -> Plan:
    """What was proven before. Values and bars are facts: the newest counts also here."""
    chosen: dict[str, Present | None] = {}
    for slot, known in memory.slots.items():
        if isinstance(known.newest, Value):
            chosen[slot] = _wanted(memory, slot, 0)
        else:
            chosen[slot] = None if slot in memory.barred and known.good is not known.newest else known.good
    return _composed(memory, chosen)


def is_supported(slot: str) -> bool:
    """Whether this agent can bring such a slot into effect; others are refused by name, never half done."""
    return slot in (KEYS_SLOT, REVOCATIONS_SLOT) or slot.startswith(WORKSPACE_SLOT) or is_only_kept(slot)


def is_refused(memory: Memory, slot: str) -> bool:
    """Whether the slot's newest version was refused or taken back."""
    newest, rejection = memory.newest(slot), memory.rejections.get(slot)
    return newest is not None and rejection is not None and rejection.version == newest.version


def is_only_kept(slot: str) -> bool:
    """Whether nothing in the gateway follows from such a slot yet: having it safely in the ledger is all there is."""
    return slot == PROXY_URL_SLOT or slot.startswith(MCP_SLOTS)


def has_come(memory: Memory, event_slot: str, version: int) -> bool:
    """Whether what an event rings for was received; one that cannot be applied at all needs no waiting."""
    if event_slot == REVOCATIONS_SLOT:
        return memory.revoked_to >= version
    newest = memory.newest(event_slot)
    return not is_supported(event_slot) or (newest.version if newest else 0) >= version


def retried(memory: Memory, events: Iterable[HeldEvent], *, everything: bool) -> Memory:
    """Forget the refusals that these events ask to try again: a new event does, a repeated one does not. What was taken
    back is such a refusal."""
    if everything:
        return replace(memory, rejections={}, reverts={})
    again = frozenset(event.slot for event in events if _is_refused_for_another(memory, event))
    return replace(memory, rejections=without(memory.rejections, again), reverts=without(memory.reverts, again))


def rejecting(memory: Memory, plan: Plan, reasons: Mapping[str, str], events: Iterable[HeldEvent]) -> Memory:
    """Remember the versions that were just refused. A version that is the last known good is not held against itself:
    it served before, and is what there is to fall back to."""
    by_slot = {event.slot: event.id for event in events}
    workspace = plan.desired.workspace
    fresh: dict[str, Rejection] = {}
    for slot, reason in reasons.items():
        chosen = plan.chosen.get(slot)
        known = memory.slots.get(slot)
        if chosen is None or known is None or chosen is not known.newest or chosen is known.good:
            continue
        version = workspace.version if workspace else 0
        why = clipped(reason, REASON_CHARACTERS)
        fresh[slot] = Rejection(slot, chosen.version, version, why, by_slot.get(slot, ""))
    return replace(memory, rejections={**memory.rejections, **fresh}) if fresh else memory


def suspects(memory: Memory, plan: Plan) -> frozenset[str]:
    """Who may be at fault when a plan does not compile: what never served before, the workspace document first."""
    fresh = {
        slot
        for slot, chosen in plan.chosen.items()
        if chosen is not None and chosen is memory.newest(slot) and chosen is not memory.good(slot)
    }
    return frozenset({WORKSPACE_SLOT} if WORKSPACE_SLOT in fresh else fresh)


def proven(memory: Memory, plan: Plan, refused: Mapping[str, str]) -> Memory:
    """The chosen versions that were not refused are the last known good from now on, and no longer rejected."""
    slots: dict[str, SlotMemory] = {}
    for slot, known in memory.slots.items():
        chosen = plan.chosen.get(slot)
        if slot not in refused and chosen is not known.good and (chosen is not None or _is_gone(memory, slot)):
            slots[slot] = SlotMemory(known.newest, chosen)
    newest_again = frozenset(slot for slot in slots if slots[slot].good is slots[slot].newest)
    outdated = frozenset(
        slot for slot, one in memory.rejections.items() if (new := memory.newest(slot)) and new.version != one.version
    )
    rejections = without(memory.rejections, newest_again | outdated)
    after = replace(
        memory,
        slots={**memory.slots, **slots} if slots else memory.slots,
        rejections=rejections,
        reverts=without(memory.reverts, frozenset(slots)),
    )
    # Nothing goes back to what was removed: its credentials go with it.
    return without_needless_secrets(after) if any(known.good is None for known in slots.values()) else after


def conclude(memory: Memory, event: HeldEvent, refused: Mapping[str, str], proof: Proof) -> Completion:
    """How the work on one event ended, once `memory` has taken in what was proven and refused."""
    newest = memory.newest(event.slot)
    if not is_supported(event.slot):
        return failed(event, not_supported(event.slot), version=event.version)
    version, digest = _said(newest, event)
    reason = refused.get(event.slot)
    rejection = memory.rejections.get(event.slot)
    if reason is None and rejection and newest and rejection.version == newest.version:
        reason = rejection.reason
    if reason is not None:
        refusal = failed(event, reason, version=version, digest=digest)
        together_with = rejection.workspace_version if rejection and _is_consumer(event.slot) else 0
        return replace(refusal, workspace_version=together_with)
    return Completion(event.id, event.slot, event.fencing_token, version, digest, proof=proof)


def proven_by_ledger(applied: Completion, digest_on_disk: str) -> Completion:
    """The same end, with the ledger's word instead of Envoy's; not an end when the disk does not have it."""
    if applied.proof is None or digest_on_disk != applied.digest:
        return replace(applied, proof=None, error="the ledger does not read back what was written", retryable=True)
    kept = f"ledger/{applied.slot} (kept; this release's gateway does not use it yet)"
    return replace(applied, proof=replace(applied.proof, resources=((kept, digest_on_disk),)))


def differ(one: Memory, other: Memory) -> bool:
    """Whether anything differs that the gateway is made of."""
    return (
        one.slots != other.slots or one.secrets != other.secrets or one.revocations.keys() != other.revocations.keys()
    )


def refused_elsewhere(memory: Memory, slot: str) -> tuple[Rejection, ...]:
    """Every other slot whose newest version is refused, its reason cut: what the end of a full event has to name."""
    found = (one for other, one in sorted(memory.rejections.items()) if other != slot)
    newest = (one for one in found if (known := memory.newest(one.slot)) and known.version == one.version)
    told = islice(newest, NAMED_REFUSALS)
    return tuple(replace(one, reason=clipped(one.reason, NAMED_REASON_CHARACTERS)) for one in told)


def failed(event: HeldEvent, reason: str, *, version: int, digest: str = "", retryable: bool = False) -> Completion:
    """A FAILED completion."""
    reason = clipped(reason, REASON_CHARACTERS) or "no reason was given"
    return Completion(event.id, event.slot, event.fencing_token, version, digest, error=reason, retryable=retryable)


def failed_for_now(memory: Memory, event: HeldEvent, reason: str) -> Completion:
    """A FAILED completion that asks to be given the event again."""
    version, digest = _said(memory.newest(event.slot), event)
    return failed(event, reason, version=version, digest=digest, retryable=True)


def _said(newest: Received | None, event: HeldEvent) -> tuple[int, str]:
    if newest is None or newest.version < event.version:
        return event.version, ""
    return newest.version, newest.digest


def _wanted(memory: Memory, slot: str, workspace_version: int) -> Present | None:
    known = memory.slots.get(slot)
    if known is None or isinstance(known.newest, Tombstone):
        return None
    rejection = memory.rejections.get(slot)
    if rejection is None or rejection.version != known.newest.version:
        return known.newest
    if _is_consumer(slot) and rejection.workspace_version != workspace_version:
        return known.newest
    return None if slot in memory.barred else known.good


def _composed(memory: Memory, chosen: Mapping[str, Present | None]) -> Plan:
    configurations = {one.user_id: one for one in chosen.values() if isinstance(one, Configuration)}
    keys = chosen.get(KEYS_SLOT)
    jwks = keys.value if isinstance(keys, Value) else NO_KEYS
    origins = {ref: secret.origin for ref, secret in memory.secrets.items()}
    revoked = frozenset(memory.revocations)
    return Plan(Desired(memory.workspace_id, configurations, jwks, secrets_to_serve(memory), origins, revoked), chosen)


def _is_refused_for_another(memory: Memory, event: HeldEvent) -> bool:
    rejection = memory.rejections.get(event.slot)
    return rejection is not None and rejection.event_id != event.id


def _is_consumer(slot: str) -> bool:
    return slot.startswith(WORKSPACE_SLOT) and slot != WORKSPACE_SLOT


def _is_gone(memory: Memory, slot: str) -> bool:
    return isinstance(memory.newest(slot), Tombstone)
