"""What counts as missing, stale, orphaned or rejected: a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controlplane.domain.dataplanes import RejectedVersion, SlotState
from controlplane.domain.events import EventType
from controlplane.domain.reverts import EnteredRevert, Revert, RevertFigures
from controlplane.domain.slots import (
    AppliedSlot,
    DesiredSlot,
    Finding,
    event_type_of,
    finding_of,
    is_command,
    user_of,
)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FRESH, OLD = NOW - timedelta(minutes=4, seconds=59), NOW - timedelta(minutes=5)
V3 = DesiredSlot("config/ann", 3, 30, "digest")
GONE = DesiredSlot("config/ann", 3, 30, "", removed=True)
REFUSED = SlotState("dp_1", "config/ann", 2, "", None, b"", 3, "no", rejected_with=7)
TAKEN_BACK = replace(REFUSED, applied_version=3, reverted=EnteredRevert(Revert("config/ann", 3, 2), NOW))
NOTHING, REMOVED = AppliedSlot(0), AppliedSlot(2, removed=True)
MISSING, STALE, ORPHANED, REJECTED = Finding


@pytest.mark.parametrize(
    ("desired", "applied", "state", "event_at", "expected"),
    [
        (V3, AppliedSlot(3), None, None, None),
        (V3, AppliedSlot(3), None, OLD, None),
        (V3, NOTHING, None, None, MISSING),
        (V3, REMOVED, None, None, MISSING),
        (V3, NOTHING, None, FRESH, None),
        (V3, NOTHING, None, OLD, STALE),
        (V3, AppliedSlot(2), None, None, STALE),
        (V3, AppliedSlot(2), None, FRESH, None),
        (V3, AppliedSlot(2), None, OLD, STALE),
        (GONE, AppliedSlot(2), None, None, ORPHANED),
        (GONE, AppliedSlot(2), None, FRESH, None),
        (GONE, AppliedSlot(2), None, OLD, ORPHANED),
        (GONE, NOTHING, None, None, None),
        (GONE, REMOVED, None, None, None),
        (GONE, AppliedSlot(3, removed=True), None, None, None),
        (V3, AppliedSlot(2), REFUSED, None, REJECTED),
        (V3, NOTHING, REFUSED, None, REJECTED),
        (V3, AppliedSlot(2), REFUSED, FRESH, None),
        (V3, AppliedSlot(2), REFUSED, OLD, REJECTED),
        (V3, AppliedSlot(2), replace(REFUSED, rejected_version=2), None, STALE),
        (V3, AppliedSlot(2), replace(REFUSED, rejected_with=6), None, STALE),
        (V3, AppliedSlot(2), replace(REFUSED, given_up=True), None, STALE),
        (V3, AppliedSlot(3), TAKEN_BACK, None, REJECTED),
        (V3, AppliedSlot(3), TAKEN_BACK, FRESH, None),
        (V3, AppliedSlot(3), replace(TAKEN_BACK, rejected_with=6), None, STALE),
        (V3, AppliedSlot(2), replace(TAKEN_BACK, applied_version=2, rejected_version=2), None, STALE),
        (GONE, AppliedSlot(2), replace(TAKEN_BACK, applied_version=2, rejected_version=2), None, ORPHANED),
    ],
)
def test_a_slot_is_judged(
    desired: DesiredSlot,
    applied: AppliedSlot,
    state: SlotState | None,
    event_at: datetime | None,
    expected: Finding | None,
) -> None:
    assert finding_of(desired, applied, state, event_at, NOW, workspace_version=7) == expected


def test_a_refusal_of_anything_but_a_consumers_document_asks_for_no_workspace_version() -> None:
    desired, state = replace(V3, slot="mcp/git"), replace(REFUSED, slot="mcp/git", rejected_with=0)

    assert finding_of(desired, AppliedSlot(2), state, None, NOW, workspace_version=7) is REJECTED


@pytest.mark.parametrize(
    ("slot", "kind", "user", "command"),
    [
        ("config/", EventType.CONFIG_UPDATE, "", False),
        ("config/ann", EventType.CONFIG_UPDATE, "ann", False),
        ("config/upgrade", EventType.CONFIG_UPDATE, "upgrade", False),
        ("mcp/git", EventType.MCP_CATALOG_UPSERT, "", False),
        ("proxy_url", EventType.PROXY_URL, "", False),
        ("revocations", EventType.TOKEN_REVOKED, "", False),
        ("gatekeeper_keys", EventType.GATEKEEPER_KEYS, "", False),
    ],
)
def test_a_slot_says_what_is_told_of_it(slot: str, kind: EventType, user: str, command: bool) -> None:
    assert (event_type_of(slot), user_of(slot), is_command(slot)) == (kind, user, command)


@pytest.mark.parametrize("slot", ["upgrade", "upgrade_cancel/evt_1"])
def test_upgrades_are_commands(slot: str) -> None:
    assert is_command(slot)


@pytest.mark.parametrize(
    ("version", "together_with", "expected"), [(3, 8, REJECTED), (3, 7, STALE), (2, 8, STALE)], ids=str
)
def test_a_consumer_tried_again_unasked_is_refused_in_the_pair_that_reports_tell(
    version: int, together_with: int, expected: Finding
) -> None:
    said = RejectedVersion("config/ann", version, "still no", together_with)

    assert finding_of(V3, AppliedSlot(2), REFUSED, None, NOW, 8, said) is expected


def test_what_was_taken_back_is_said_with_its_figures() -> None:
    figures = RevertFigures(120, 40, 1 / 3, timedelta(seconds=30))

    assert Revert("config/ann", 3, 0).in_words() == "taken back, nothing serves"
    assert Revert("config/ann", 3, 2, figures, reason="openai is down").in_words() == (
        "taken back, version 2 serves: openai is down; 40 of 120 requests failed (33.3%) within 30 s"
    )
