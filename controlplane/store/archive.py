"""A backup's file: gzip over JSON lines, a header with what is in it, a line a row, a footer that vouches for the rest.

It says the same of either database, so what one of them held the other can take. Secrets in it are as sealed as they
are in the database; the master key is not in it.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from sqlalchemy import Column, LargeBinary, Table

from controlplane.store.columns import Choice, Moment, Strings

FORMAT = "agentrouter-backup/1"
LONGEST_LINE = 256 * 1024 * 1024


class BadBackup(ValueError):
    """The file is no backup, is damaged, of another release, or cannot be written; the message names the way out."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is in a backup. `schema` is the newest migration of the database, `rows` counts them by table."""

    format: str
    schema: str
    epoch: str
    made_at: str
    columns: Mapping[str, Sequence[str]]
    rows: Mapping[str, int]

    @property
    def total(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())


class Writer:
    """Writes lines and hashes what it writes."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def header(self, header: Header) -> None:
        """The first line."""
        self._line(asdict(header))

    def row(self, table: Table, row: Sequence[Any]) -> None:
        """One row, its values in the order of the table's columns."""
        self._line([table.name, [_plain(value) for value in row]])

    def end(self) -> None:
        """The last line."""
        self._line({"sha256": self._hash.hexdigest()})

    def _line(self, data: Any) -> None:
        line = json.dumps(data, separators=(",", ":")).encode() + b"\n"
        self._hash.update(line)
        try:
            self._file.write(line)
        except OSError as error:
            raise BadBackup(f"the backup cannot be written: {error.strerror}") from None


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A new file for its owner's eyes only, there under its name once it is whole and on the disk.

    Raises FileExistsError, and OSError when the disk does not take it; then nothing is left behind.
    """
    if path.exists():
        raise FileExistsError(f"{path} exists already; choose another name")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path} cannot be written: there is no folder {path.parent}")
    part = path.with_name(f".{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as raw:
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as file:
                writer = Writer(file)
                yield writer
                writer.end()
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def verify(path: Path) -> Header:
    """Read all of it and believe nothing: the header of a file that is whole and unaltered. Raises BadBackup."""
    with _reading(path) as lines:
        header = _header(path, lines)
        counted = dict.fromkeys(header.rows, 0)
        for line in lines:
            if line.footer is not None:
                _check_end(path, header, counted, line)
                return header
            if line.table not in counted:
                raise BadBackup(f"{path} holds rows of a table that its header does not name; it is damaged")
            counted[line.table] += 1
    raise BadBackup(f"{path} ends too early; it is damaged, take another backup")


def rows(path: Path, tables: Mapping[str, Table]) -> Iterator[tuple[Table, dict[str, Any]]]:
    """Every row of a file that was verified, as values of its columns."""
    with _reading(path) as lines:
        header = _header(path, lines)
        for line in lines:
            if line.footer is not None:
                return
            table = tables[line.table]
            named = zip(header.columns[line.table], line.values, strict=True)
            yield table, {name: _value(table.c[name], value) for name, value in named}


@dataclass(frozen=True, slots=True)
class _Line:
    """A row, or the footer with the hash of everything before it."""

    table: str
    values: Sequence[Any]
    footer: str | None
    before: str
    first: Mapping[str, Any] | None = None


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[Iterator[_Line]]:
    try:
        with gzip.open(path, "rb") as file:
            yield _lines(file)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise BadBackup(f"{path} is no backup of AgentRouter, or was cut off or damaged on its way") from None
    except OSError as error:
        raise BadBackup(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, IndexError, RecursionError):
        raise BadBackup(f"{path} is no backup of AgentRouter, or is damaged") from None


def _lines(file: Any) -> Iterator[_Line]:
    hashed = hashlib.sha256()
    while line := file.readline(LONGEST_LINE):
        before = hashed.hexdigest()
        hashed.update(line)
        data = json.loads(line)
        if isinstance(data, list):
            yield _Line(data[0], data[1], None, before)
        elif "sha256" in data:
            yield _Line("", (), data["sha256"], before)
        else:
            yield _Line("", (), None, before, data)


def _header(path: Path, lines: Iterator[_Line]) -> Header:
    first = next(lines, None)
    if first is None or first.first is None or not str(first.first.get("format", "")).startswith("agentrouter-backup/"):
        raise BadBackup(f"{path} is no backup of AgentRouter")
    if first.first["format"] != FORMAT:
        raise BadBackup(f"{path} was made by a newer release ({first.first['format']}); restore it with that release")
    return Header(**first.first)


def _check_end(path: Path, header: Header, counted: Mapping[str, int], line: _Line) -> None:
    if line.footer != line.before:
        raise BadBackup(f"{path} was altered or damaged: its checksum does not fit; take another backup")
    if counted != header.rows:
        raise BadBackup(f"{path} lacks rows that its header names; it is damaged, take another backup")


def _plain(value: Any) -> Any:
    match value:
        case bytes() | memoryview():
            return base64.b64encode(value).decode()
        case datetime():
            return value.isoformat()
        case Enum():
            return value.value
        case tuple():
            return list(value)
    return value


def _value(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    match column.type:
        case LargeBinary():
            return base64.b64decode(value, validate=True)
        case Moment():
            return datetime.fromisoformat(value)
        case Choice() as choice:
            return choice.kind(value)
        case Strings():
            return tuple(value)
    return value
