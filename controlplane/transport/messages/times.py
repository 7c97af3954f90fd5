"""Times and durations on the wire: absent means None."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from controlplane.domain.errors import FieldFault, InvalidInput


@lru_cache(maxsize=1000)
def timestamp(value: datetime | None) -> Timestamp | None:
    """Aware UTC to the wire; made once for what happened at once, not to be changed."""
    if value is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(value)
    return stamp


@lru_cache(maxsize=10_000)
def duration(value: timedelta | None) -> Duration | None:
    """To the wire; made once, not to be changed."""
    if value is None:
        return None
    span = Duration()
    span.FromTimedelta(value)
    return span


def read_timestamp(message: object, field: str) -> datetime | None:
    """The field of a request as aware UTC. Raises InvalidInput for one outside the calendar."""
    if not message.HasField(field):  # type: ignore[attr-defined]
        return None
    try:
        value: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise _out_of_range(field) from None
    return value


def read_duration(message: object, field: str) -> timedelta | None:
    """The field of a request. Raises InvalidInput for one out of range."""
    if not message.HasField(field):  # type: ignore[attr-defined]
        return None
    try:
        value: timedelta = getattr(message, field).ToTimedelta()
    except (ValueError, OverflowError):
        raise _out_of_range(field) from None
    return value


def _out_of_range(field: str) -> InvalidInput:
    return InvalidInput(f"{field} is out of range", (FieldFault(field, "range", "is out of range"),))
