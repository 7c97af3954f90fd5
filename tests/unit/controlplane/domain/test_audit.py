"""The chain itself: whatever single thing is done to it, the walk ends at or right after that place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.audit import AuditHead, AuditRecord, Break, ChainCheck

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LENGTH = 6


def chain(length: int = LENGTH, tenant_id: str = "tn_1") -> tuple[list[AuditRecord], AuditHead]:
    head, records = AuditHead(tenant_id), []
    for number in range(length):
        record = AuditRecord(
            tenant_id, 0, NOW, "mk_1", "document.put", "ws_1", f"document/{number}", "grpc", {"n": str(number)}
        )
        records.append(head.append(record))
        head = head.at(records[-1])
    return records, head


def verified(records: list[AuditRecord], head: AuditHead | None) -> Break | None:
    check = ChainCheck()
    for record in records:
        if broken := check.follow(record):
            return broken
    return check.end(head)


@pytest.mark.parametrize("length", [0, 1, LENGTH])
def test_a_chain_as_it_was_written_is_whole(length: int) -> None:
    records, head = chain(length)

    assert verified(records, head if length else None) is None
    assert [record.sequence for record in records] == list(range(1, length + 1))


@pytest.mark.parametrize(
    "change",
    [
        {"tenant_id": "tn_2"},
        {"recorded_at": NOW + timedelta(microseconds=1)},
        {"actor": "mk_2"},
        {"action": "document.get"},
        {"workspace_id": ""},
        {"subject": "document/x"},
        {"origin": "rest"},
        {"details": {}},
        {"details": {"n": "3", "more": ""}},
        {"hash": "0" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_field_is_found_where_it_is(change: dict[str, Any]) -> None:
    records, head = chain()
    records[3] = replace(records[3], **change)

    broken = verified(records, head)

    assert broken is not None
    assert broken.sequence == 4


@given(st.integers(0, LENGTH - 1))
def test_a_deleted_record_is_found_at_its_place(place: int) -> None:
    records, head = chain()
    del records[place]

    broken = verified(records, head)

    assert broken is not None
    assert broken.sequence == place + 1
    assert "missing" in broken.problem


@given(st.permutations(range(LENGTH)))
def test_another_order_is_found_at_its_first_difference(order: list[int]) -> None:
    records, head = chain()
    moved = [replace(records[old], sequence=new + 1) for new, old in enumerate(order)]
    first = next((new for new, old in enumerate(order) if new != old), None)

    broken = verified(moved, head)

    assert (broken.sequence if broken else None) == (None if first is None else first + 1)


def test_a_record_of_another_tenant_fits_no_chain() -> None:
    records, head = chain()
    others, _ = chain(tenant_id="tn_2")
    records[2] = others[2]

    broken = verified(records, head)

    assert broken is not None
    assert broken.sequence == 3


def test_texts_that_look_alike_once_put_together_have_different_hashes() -> None:
    one = AuditHead("tn_1").append(AuditRecord("tn_1", 0, NOW, "a", "bc", "", "", "", {"x": 'y","z":"'}))
    other = AuditHead("tn_1").append(AuditRecord("tn_1", 0, NOW, "ab", "c", "", "", "", {"x": "y", "z": ""}))

    assert one.hash != other.hash
