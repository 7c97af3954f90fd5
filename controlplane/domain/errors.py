"""What can go wrong, in domain words. Every message is safe to show; transport gives each kind its code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One fault of the input: where (a field path), a stable code, the problem and the way out.

    `remedy` is empty where the message says it. A warning refuses nothing. `line` and `column` count from 1, in a text.
    """

    path: str
    code: str
    message: str
    remedy: str = ""
    severity: Literal["error", "warning"] = "error"
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """Problem and way out in one; with the place in the text where no path says it."""
        at = f"line {self.line}, column {self.column}: " if self.line is not None and not self.path else ""
        return f"{at}{self.message}" + (f"; {self.remedy}" if self.remedy else "")


class DomainError(Exception):
    """The root. `reason` is a stable SCREAMING_SNAKE word for programs, `metadata` holds facts for them."""

    default_reason = "INTERNAL"

    def __init__(self, message: str, *, reason: str = "", metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.metadata = dict(metadata or {})


class InvalidInput(DomainError):
    """The request itself is wrong, whatever the state; carries every fault found."""

    default_reason = "INVALID_INPUT"

    def __init__(self, message: str, faults: tuple[FieldFault, ...] = (), *, reason: str = "") -> None:
        super().__init__(message, reason=reason)
        self.faults = faults


class DoesNotCompile(DomainError):
    """What is stored (or asked to be) does not compile into a document; carries every problem and path."""

    default_reason = "DOES_NOT_COMPILE"

    def __init__(self, message: str, faults: tuple[FieldFault, ...]) -> None:
        super().__init__(message)
        self.faults = faults


class Unauthenticated(DomainError):
    """No credential, or a bad one. `reason` is one of the TOKEN_… words, IDENTITY_CLONED or DATAPLANE_REVOKED."""

    default_reason = "TOKEN_MALFORMED"


class PermissionRefused(DomainError):
    """The caller can read the object, but its role does not allow the act; the message names the role needed."""

    default_reason = "ROLE_TOO_SMALL"


class NotFound(DomainError):
    """The object does not exist, or is not the caller's to see: the same words for both."""

    default_reason = "NOT_FOUND"


class AlreadyExists(DomainError):
    """Another object, or another request with the same id, has the place."""

    default_reason = "ALREADY_EXISTS"


class StateConflict(DomainError):
    """The object's state forbids the act (an old fencing token, a finished event); `subject` names the object."""

    default_reason = "STATE_CONFLICT"

    def __init__(self, message: str, *, subject: str, reason: str = "") -> None:
        super().__init__(message, reason=reason)
        self.subject = subject


class Changed(DomainError):
    """The caller's etag is not the stored one any more: read again, then try again."""

    default_reason = "ETAG_MISMATCH"


class Unavailable(DomainError):
    """The store cannot answer now; nothing was changed, or a retry with the same request_id finds out."""

    default_reason = "STORE_UNAVAILABLE"

    def __init__(self, message: str, *, retry_after: timedelta = timedelta(seconds=1)) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Overloaded(Unavailable):
    """The store answers, and more want it at once than have a place; nothing was changed."""

    default_reason = "STORE_BUSY"
