"""Column types that mean the same on SQLite and PostgreSQL: byte-ordered text, exact UTC times, enums, string lists."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, Dialect, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import TEXT, TIMESTAMP
from sqlalchemy.types import TypeEngine

from controlplane.domain.errors import InvalidInput

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def byte_ordered(dialect: Dialect) -> TypeEngine[Any]:
    """Text that sorts by its UTF-8 bytes, as Python and SQLite do, whatever the locale of the PostgreSQL server."""
    return TEXT(collation="C") if dialect.name == "postgresql" else Text()


class Words(TypeDecorator[str]):
    """Any text but the NUL character, which PostgreSQL cannot store."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text in byte order."""
        return byte_ordered(dialect)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Refuse what only one of the databases would take."""
        if value is not None and "\0" in value:
            raise InvalidInput("a text holds the NUL character (U+0000), which cannot be stored; remove it")
        return value


class Moment(TypeDecorator[datetime]):
    """An aware time, exact to the microsecond: timestamptz on PostgreSQL, microseconds since 1970 on SQLite."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """What people can read where the database has it."""
        return TIMESTAMP(timezone=True) if dialect.name == "postgresql" else BigInteger()

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | int | None:
        """Refuse naive times: they mean another instant on every host."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        return value if dialect.name == "postgresql" else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Aware UTC, whatever the session's time zone."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return EPOCH + int(value) * MICROSECOND


class Choice(TypeDecorator[Enum]):
    """An enum by its value."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[Enum]) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text in byte order."""
        return byte_ordered(dialect)

    def process_bind_param(self, value: Enum | None, dialect: Dialect) -> str | None:
        """The enum's value."""
        return None if value is None else str(value.value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Enum | None:
        """The member of that value."""
        return None if value is None else self.kind(value)


class Strings(TypeDecorator[tuple[str, ...]]):
    """A few strings as a JSON list, in ASCII so that no character is special to the database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        """A JSON list."""
        return None if value is None else json.dumps(list(value))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[str, ...] | None:
        """The strings again."""
        return None if value is None else tuple(json.loads(value))
