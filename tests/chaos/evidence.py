"""What a run that failed leaves behind: a file with all that was seen and stored, and the rows that tell most."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.chaos.history import History, cut, near
from tests.contract.wires.procedures import procedures

OF_AGENTS = {"events", "slot_states"}  # many; in the file
VERSION = re.compile(r'"version": ?"?(\d+)')  # in the details of an audit record
# Nothing that was sealed, hashed or shown once, and no documents.
TABLES = {
    "configurations": "SELECT user_id, version, revision, state, digest, reason, created_at FROM configurations"
    " ORDER BY revision",
    "document_versions": "SELECT user_id, version, configuration_version, restored_version, etag, author, reason,"
    " created_at FROM document_versions ORDER BY created_at",
    "answers": "SELECT method, request_id, expires_at, answer FROM answers ORDER BY expires_at",
    "audit_records": "SELECT sequence, recorded_at, action, subject, details FROM audit_records ORDER BY sequence",
    "revocations": "SELECT jti, revision, reason FROM revocations ORDER BY revision",
    "slot_values": "SELECT slot, dataplane_id, version, revision FROM slot_values ORDER BY revision",
    "slot_states": "SELECT dataplane_id, slot, applied_version, rejected_version FROM slot_states"
    " ORDER BY dataplane_id, slot",
    "dataplanes": "SELECT id, boot_counter, applied_revision FROM dataplanes ORDER BY id",
    "events": "SELECT id, dataplane_id, slot, configuration_version, status, cursor, attempt, fencing_token,"
    " holder_counter, created_at, acknowledged_at, completed_at, completed_version, superseded_by, error FROM events"
    " ORDER BY id",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One of a table, as text; of which slot and version, if it tells."""

    table: str
    slot: str
    version: int
    text: str


class Evidence:
    """Of one run. `again`: what to set to have it again, as far as chance lets it."""

    def __init__(self, folder: Path, again: str, history: History, dsn: str) -> None:
        self._folder = folder
        self._again = again
        self._history = history
        self._dsn = dsn

    @contextlib.contextmanager
    def kept_on_failure(self) -> Iterator[None]:
        """Whatever the block raises is raised, and tells where everything is."""
        try:
            yield
        except BaseException as error:
            note = f"{self._again}\nall of it: {self._written(str(error))}"
            print(note)
            error.add_note(note)
            raise

    def about(self, slot: str, versions: Sequence[int]) -> list[str]:
        """What is stored of the slot's versions, and, when there are many, of those near these."""
        found = [row for row in self._rows() if row.slot == slot and row.table not in OF_AGENTS]
        wanted = [row for row in found if not versions or near(row.version, versions)]
        return cut([f"{row.table}: {row.text}" for row in wanted])

    def _written(self, problem: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self._again.partition('AGENTROUTER_CHAOS_SEED=')[2].split()[0]}.txt"
        with path.open("w") as file:
            print(self._again, problem, "\n# what everybody saw", sep="\n", file=file)
            print(*self._history.records, sep="\n", file=file)
            for row in self._rows():
                print(row.table, row.slot, row.version, row.text, file=file)
        return path.resolve()

    def _rows(self) -> list[Row]:
        """As far as they can be read: a run may fail because the database is away."""
        rows: list[Row] = []
        try:
            with psycopg.connect(self._dsn, autocommit=True, row_factory=dict_row, connect_timeout=5) as reader:
                for table, query in TABLES.items():
                    rows += [_row(table, each) for each in reader.execute(query)]
        except psycopg.Error as error:
            rows.append(Row("unreadable", "", 0, f"{type(error).__name__}: {error}"))
        return rows


def _row(table: str, row: Mapping[str, Any]) -> Row:
    if table == "answers":
        return _answer(row)
    told = dict(row)
    slot = told.get("slot", f"config/{told['user_id']}" if "user_id" in told else "")
    version = told.get("configuration_version") or told.get("version") or told.get("applied_version") or 0
    if table == "audit_records":
        subject = str(told["subject"])
        slot = f"config/{subject.partition('/')[2]}" if subject.startswith(("document/", "config/")) else ""
        found = VERSION.search(str(told["details"]))
        version = found[1] if found else 0
    return Row(table, str(slot), int(version), " ".join(f"{name}={value}" for name, value in told.items()))


def _answer(row: Mapping[str, Any]) -> Row:
    """The command's id and what it was told, without documents."""
    response = next((each.response for each in procedures() if each.path == row["method"]), None)
    made = getattr(response.FromString(bytes(row["answer"])), "configuration", None) if response else None
    slot, version, revision = (f"config/{made.user_id}", made.version, made.revision) if made else ("", 0, 0)
    text = f"{row['request_id']} {row['method']} version={version} revision={revision} until {row['expires_at']}"
    return Row("answers", slot, version, text)
