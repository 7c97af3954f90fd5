"""Rows of slots and back: a return to the last known good is one JSON text, as it is read and written whole."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from controlplane.domain.dataplanes import SlotState
from controlplane.domain.reverts import EnteredRevert
from controlplane.store.reports import revert_fields, revert_from
from controlplane.store.rows import to_row
from controlplane.store.tables import slot_states


def slot_row(state: SlotState) -> dict[str, Any]:
    """Values by column."""
    entered = state.reverted
    text = None
    if entered is not None:
        text = json.dumps([entered.entered_at.isoformat(), *revert_fields(entered.told)], separators=(",", ":"))
    return to_row(state, slot_states, reverted=text)


def slot_state_of(row: Row[Any]) -> SlotState:
    """The reverse."""
    fields = dict(row._mapping)
    if fields["reverted"] is not None:
        entered_at, *told = json.loads(fields["reverted"])
        entered = EnteredRevert(revert_from(told), datetime.fromisoformat(entered_at))
        fields["reverted"] = entered if _stands(entered, row) else None
    return SlotState(**fields)


def _stands(entered: EnteredRevert, row: Row[Any]) -> bool:
    """A version that was taken back counts as refused until the slot is applied again, which ends both. A replica of
    the release before knows the refusal alone: what it applied has ended the return as well."""
    return bool(row.applied_version <= entered.told.from_version <= row.rejected_version)
