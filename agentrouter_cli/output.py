"""Shows results: tables for people on a terminal, JSON with stable keys for programs.

What draws tables and reads messages is loaded when there are some.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from contract.faults import Fault

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration
    from google.protobuf.message import Message
    from google.protobuf.timestamp_pb2 import Timestamp
    from rich.console import Console

DRY_RUN = "dry run, nothing was changed"
_WIDTH_WHEN_PIPED = 240
# What moves a terminal's cursor, colours it or turns its text round: C0 and C1 but for tab and line feed, DEL, and the
# signs of writing direction. Names, reasons and errors come from others, a provider's server among them.
_CONTROLS = {*range(0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A}
_DIRECTIONS = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_VISIBLE = {code: f"\\u{code:04x}" for code in _CONTROLS | _DIRECTIONS}


class Output(StrEnum):
    """How a command answers."""

    TABLE = "table"
    JSON = "json"


def console(*, stderr: bool = False) -> Console:
    """A console that never cuts what is piped."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else _WIDTH_WHEN_PIPED, highlight=False, soft_wrap=False)


def visible(text: str) -> str:
    """The text as a terminal may get it: what would steer it is written out, `\\u001b`; JSON reads back the same."""
    return text.translate(_VISIBLE)


def print_outcome(done: str, would: str, *, dry_run: bool) -> None:
    """One sentence: what was done, or what a dry run says would be."""
    print(visible(f"{would} ({DRY_RUN})" if dry_run else done))


def print_json(data: Any) -> None:
    """Plain data, one document."""
    print(visible(json.dumps(data, indent=2, ensure_ascii=False)))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str, stderr: bool = False) -> None:
    """A table, or the sentence `empty` when it has no rows. Cells are text; nothing in them is taken as markup."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(Text(visible(name)), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else visible(str(cell))) for cell in row))
    out = console(stderr=stderr)
    out.print(table if table.row_count else Text(empty))


def print_faults(faults: Iterable[Fault], *, stderr: bool = True) -> None:
    """Every fault of a document."""
    rows = [(fault.path or "(document)", fault.code, fault.message, fault.remedy) for fault in faults]
    print_table(("PATH", "CODE", "MESSAGE", "REMEDY"), rows, empty="no faults", stderr=stderr)


def fault_data(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Faults as plain data; line and column are null where they are not known."""
    names = ("path", "code", "severity", "message", "remedy", "line", "column")
    return [{name: getattr(fault, name) for name in names} for fault in faults]


def plain(message: Message) -> dict[str, Any]:
    """Proto JSON with snake_case names, every field written out and 64-bit numbers as numbers."""
    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.json_format import MessageToDict

    data = MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    _numbers(data, message.DESCRIPTOR, frozenset({FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64}))
    return data


def word(enum: Any, value: int) -> str:
    """`EVENT_STATUS_PENDING` → `PENDING`."""
    name = str(enum.Name(value)) if value in enum.values() else str(value)
    zero = str(enum.Name(0))
    return name.removeprefix(zero.removesuffix("UNSPECIFIED"))


def envoy_release(version: str) -> str:
    """`<commit>/1.40.0/Clean/RELEASE/BoringSSL` → `1.40.0`."""
    parts = version.split("/")
    return parts[1] if len(parts) > 1 else version


def time_text(at: Timestamp) -> str:
    """`2026-01-31 12:00:05Z`; empty when it was never set."""
    if not at.seconds and not at.nanos:
        return ""
    return datetime.fromtimestamp(at.seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def age_text(span: Duration) -> str:
    """The two greatest units: `3d 4h`, `12m 5s`, `0s`."""
    seconds = max(span.seconds, 0)
    found: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count or (unit == "s" and not found):
            found.append(f"{count}{unit}")
    return " ".join(found[:2])


def _numbers(data: dict[str, Any], descriptor: Any, int64: frozenset[int]) -> None:
    """Proto JSON writes 64-bit numbers as text; make them numbers again, in place."""
    for field in descriptor.fields:
        if field.name not in data:
            continue
        value = data[field.name]
        if field.cpp_type in int64:
            data[field.name] = [int(each) for each in value] if isinstance(value, list) else int(value)
        elif field.message_type is not None and not field.message_type.full_name.startswith("google.protobuf."):
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, dict):
                    _numbers(each, field.message_type, int64)
