"""A store that goes back in time begins a new epoch, and every counter goes on far above what was ever given out.

Theory of operation. After a restore the store knows less than who used it before: versions, revisions, cursors and
fencing tokens that it would give next may be in somebody's memory already, with another meaning. So all of them are
raised by 2^32, further than any of them comes by counting, and the epoch changes, by which every data plane sees that
what it remembers is of another history. Lines that begin later begin above that mark, too: see domain/counting.py.
"""

from __future__ import annotations

import json

from sqlalchemy import Column, Connection, Table, delete, select, update

from controlplane.domain.counting import RAISED_BY
from controlplane.store.tables import (
    answers,
    configurations,
    dataplanes,
    document_versions,
    events,
    full_sync_steps,
    full_syncs,
    revocations,
    slot_states,
    slot_values,
    source_documents,
    store_state,
    task_leases,
    upgrades,
    workspaces,
)

# Raised whatever they are: a store of no revision may have had some in the history that is lost.
ALWAYS = (workspaces.c.revision, workspaces.c.event_cursor)
# Raised where they say anything; 0 means never, none or unknown.
UNLESS_ZERO: tuple[Column[int], ...] = (
    configurations.c.version,
    configurations.c.revision,
    slot_values.c.version,
    slot_values.c.revision,
    source_documents.c.version,
    document_versions.c.version,
    document_versions.c.configuration_version,
    document_versions.c.restored_version,
    revocations.c.revision,
    dataplanes.c.applied_revision,
    dataplanes.c.wanted_revision,
    slot_states.c.applied_version,
    slot_states.c.applied_revision,
    slot_states.c.rejected_version,
    slot_states.c.rejected_with,
    events.c.configuration_version,
    events.c.completed_version,
    events.c.cursor,
    events.c.fencing_token,
    upgrades.c.number,
)
# What speaks of work under way in the other history: nobody may be answered from it or go on with it.
FORGOTTEN: tuple[Table, ...] = (answers, task_leases, full_sync_steps, full_syncs)


def begin(connection: Connection, epoch: str) -> None:
    """Within the caller's transaction: the new epoch, every counter raised, work under way forgotten."""
    for table in FORGOTTEN:
        connection.execute(delete(table))
    for column in ALWAYS:
        connection.execute(update(column.table).values({column: column + RAISED_BY}))
    for column in UNLESS_ZERO:
        connection.execute(update(column.table).where(column > 0).values({column: column + RAISED_BY}))
    _raise_payloads(connection)
    connection.execute(update(store_state).values(epoch=epoch))


def _raise_payloads(connection: Connection) -> None:
    """A full event names the revision that it covers."""
    found = connection.execute(select(events.c.id, events.c.payload).where(events.c.payload != b"")).all()
    for event_id, payload in found:
        fields = json.loads(payload)
        if isinstance(fields, dict) and isinstance(fields.get("revision"), int):
            raised = json.dumps(fields | {"revision": fields["revision"] + RAISED_BY}).encode()
            connection.execute(update(events).where(events.c.id == event_id).values(payload=raised))
