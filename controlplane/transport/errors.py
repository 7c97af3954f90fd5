"""From what went wrong to what the wire says: one table of codes, and google.rpc details that programs can act on."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from controlplane.domain import errors
from controlplane.domain.errors import DomainError, FieldFault

DOMAIN = "agentrouter"
REQUEST_BYTES = 4 * 1024 * 1024
LONGEST_MESSAGE = 500
LONGEST_NAME = 200  # of what somebody asked for, told back
log = logging.getLogger(__name__)

# Asked in this order, so a kind stands before the kinds it derives from.
CODES: tuple[tuple[type[DomainError], int], ...] = (
    (errors.InvalidInput, code_pb2.INVALID_ARGUMENT),
    (errors.DoesNotCompile, code_pb2.FAILED_PRECONDITION),
    (errors.Unauthenticated, code_pb2.UNAUTHENTICATED),
    (errors.PermissionRefused, code_pb2.PERMISSION_DENIED),
    (errors.NotFound, code_pb2.NOT_FOUND),
    (errors.AlreadyExists, code_pb2.ALREADY_EXISTS),
    (errors.StateConflict, code_pb2.FAILED_PRECONDITION),
    (errors.Changed, code_pb2.ABORTED),
    (errors.Overloaded, code_pb2.RESOURCE_EXHAUSTED),
    (errors.Unavailable, code_pb2.UNAVAILABLE),
)

HTTP_STATUS = {
    code_pb2.INVALID_ARGUMENT: 400,
    code_pb2.FAILED_PRECONDITION: 400,
    code_pb2.UNAUTHENTICATED: 401,
    code_pb2.PERMISSION_DENIED: 403,
    code_pb2.NOT_FOUND: 404,
    code_pb2.ALREADY_EXISTS: 409,
    code_pb2.ABORTED: 409,
    code_pb2.RESOURCE_EXHAUSTED: 429,
    code_pb2.UNIMPLEMENTED: 501,
    code_pb2.UNAVAILABLE: 503,
    code_pb2.DEADLINE_EXCEEDED: 504,
    code_pb2.CANCELLED: 499,
}


@dataclass(frozen=True, slots=True)
class WireError(Exception):
    """An error as both wires say it. `code` is a google.rpc code; `details` are google.rpc messages."""

    code: int
    message: str
    details: tuple[Message, ...]

    @property
    def code_name(self) -> str:
        """`INVALID_ARGUMENT` and the like."""
        return str(code_pb2.Code.Name(self.code))

    @property
    def reason(self) -> str:
        """ErrorInfo's word."""
        return next((each.reason for each in self.details if isinstance(each, error_details_pb2.ErrorInfo)), "")

    def status(self) -> status_pb2.Status:
        """The google.rpc.Status that gRPC carries in a trailer."""
        packed = []
        for detail in self.details:
            any_ = Any()
            any_.Pack(detail)
            packed.append(any_)
        return status_pb2.Status(code=self.code, message=self.message, details=packed)

    def fitting(self, most: int) -> WireError:
        """The same in about so many bytes: a wire with headers carries as many field violations as fit, and says so."""
        if self.status().ByteSize() <= most:
            return self
        kept = tuple(detail for detail in self.details if not isinstance(detail, error_details_pb2.BadRequest))
        room = most - WireError(self.code, "", kept).status().ByteSize() - 300
        fitting, left_out = [], 0
        for violation in self._violations():
            room -= violation.ByteSize() + 8
            if room > 0:
                fitting.append(violation)
            else:
                left_out += 1
        message = f"{self.message[:LONGEST_MESSAGE]} ({left_out} fault(s) do not fit this answer)"
        return WireError(self.code, message, (*kept, error_details_pb2.BadRequest(field_violations=fitting)))

    def _violations(self) -> list[error_details_pb2.BadRequest.FieldViolation]:
        found = [detail for detail in self.details if isinstance(detail, error_details_pb2.BadRequest)]
        return [violation for detail in found for violation in detail.field_violations]


def wire_error(error: Exception) -> WireError:
    """What to tell the caller. An error that is none of ours is logged under a short id, and only the id is told."""
    if isinstance(error, WireError):
        return error
    if isinstance(error, DomainError) and (code := _code(error)) != code_pb2.INTERNAL:
        return WireError(code, error.message, tuple(_details(error)))
    incident = secrets.token_hex(4)
    log.error("internal error %s", incident, exc_info=error)
    info = _info("INTERNAL", {"incident": incident})
    return WireError(code_pb2.INTERNAL, f"internal error; the log has it under {incident}", (info,))


def not_in_this_release(path: str) -> WireError:
    """An RPC of the API that has no handler yet."""
    name = path.removeprefix("/")
    return WireError(
        code_pb2.UNIMPLEMENTED, f"{name} is not in this release", (_info("NOT_IN_THIS_RELEASE", {"method": name}),)
    )


def unknown_rpc(path: str, known: str) -> WireError:
    """A path like an RPC's that none has; `known`: the one that may be meant, or empty."""
    asked, meant = path.removeprefix("/")[:LONGEST_NAME], known.removeprefix("/")
    way = f"did you mean {meant}?" if meant else "gRPC reflection lists what there is, and docs/API.md"
    info = _info("UNKNOWN_RPC", {"method": asked, "nearest": meant})
    return WireError(code_pb2.UNIMPLEMENTED, f"there is no RPC {asked!r}; {way}", (info,))


def unknown_path(path: str, known: str, others: Sequence[str]) -> WireError:
    """A path that is nobody's; `known`: the one that may be meant, or empty; `others`: those that are no RPC's."""
    asked = path[:LONGEST_NAME]
    there = f"RPCs are at /<package>.<Service>/<Method>, and beside them there are {', '.join(others)}"
    way = f"did you mean {known}?" if known else there
    info = _info("UNKNOWN_PATH", {"path": asked, "nearest": known})
    return WireError(code_pb2.NOT_FOUND, f"nothing is at {asked!r}; {way}", (info,))


def method_not_allowed(method: str, path: str, allowed: str) -> WireError:
    """A path that is there, asked for in another way. `allowed`: its methods, with commas between them."""
    asked = method[:LONGEST_NAME]
    info = _info("METHOD_NOT_ALLOWED", {"method": asked, "allowed": allowed})
    return WireError(code_pb2.UNIMPLEMENTED, f"{path} takes {allowed}, not {asked}", (info,))


def content_type_unsupported(given: str, accepted: Sequence[str]) -> WireError:
    """A body in a format that is not read here."""
    given = given[:LONGEST_NAME]
    way = f"send Content-Type: {accepted[0]} (or {', '.join(accepted[1:])})"
    if given.startswith("application/grpc") and not given.startswith("application/grpc-web"):
        way = "gRPC itself has a port of its own (12580 unless it was moved); " + way
    info = _info("CONTENT_TYPE_UNSUPPORTED", {"given": given, "accepted": ", ".join(accepted)})
    return WireError(
        code_pb2.INVALID_ARGUMENT, f"the content type {given!r} is not read here; {way}" if given else way, (info,)
    )


def encoding_unknown() -> WireError:
    """A GET whose message is in a format that is not read here."""
    info = _info("CONTENT_TYPE_UNSUPPORTED", {"accepted": "json, proto"})
    return WireError(code_pb2.INVALID_ARGUMENT, "the query parameter encoding takes json or proto", (info,))


def hung_up() -> WireError:
    """Nobody waits for the answer any more."""
    return WireError(code_pb2.CANCELLED, "the caller hung up", (_info("CANCELLED", {}),))


def too_late(message: str = "the deadline of the call has passed") -> WireError:
    """Nobody waits for the answer any longer than that."""
    return WireError(code_pb2.DEADLINE_EXCEEDED, message, (_info("DEADLINE_EXCEEDED", {}),))


def of_library(code: int, message: str) -> WireError:
    """What a library refused before we read it, in its words and with our details."""
    match code:
        case code_pb2.RESOURCE_EXHAUSTED:  # sending it again does not help
            return too_large(REQUEST_BYTES)
        case code_pb2.DEADLINE_EXCEEDED:
            return too_late()
        case code_pb2.CANCELLED:
            return hung_up()
        case code_pb2.UNIMPLEMENTED if "compression" in message:
            return compression_unknown(message)
        case code_pb2.INVALID_ARGUMENT | code_pb2.UNIMPLEMENTED:
            return WireError(code_pb2.INVALID_ARGUMENT, message, (_info("MALFORMED_REQUEST", {}),))
        case code_pb2.INTERNAL if message.startswith("protocol error"):  # of the caller's
            return WireError(code_pb2.INVALID_ARGUMENT, message, (_info("MALFORMED_REQUEST", {}),))
        case _:
            return WireError(code, message, (_info("INTERNAL", {}),))


def compression_unknown(message: str) -> WireError:
    """A request that is compressed in a way that is not read where it came."""
    return WireError(code_pb2.UNIMPLEMENTED, message, (_info("COMPRESSION_UNKNOWN", {}),))


def too_large(most: int) -> WireError:
    """A request over the limit. Sending it again does not help, so it is no RESOURCE_EXHAUSTED, which asks for that."""
    message = f"the request is larger than {most} bytes"
    return WireError(code_pb2.INVALID_ARGUMENT, message, (_info("REQUEST_TOO_LARGE", {"limit_bytes": str(most)}),))


def answer_too_large(most: int) -> WireError:
    """An answer over the limit, which only lists of large things come to."""
    message = f"the answer would be larger than {most} bytes: ask for a smaller page"
    return WireError(code_pb2.INVALID_ARGUMENT, message, (_info("ANSWER_TOO_LARGE", {"limit_bytes": str(most)}),))


def _code(error: DomainError) -> int:
    return next((code for kind, code in CODES if isinstance(error, kind)), code_pb2.INTERNAL)


def _details(error: DomainError) -> list[Message]:
    details: list[Message] = [_info(error.reason, error.metadata)]
    if isinstance(error, errors.InvalidInput | errors.DoesNotCompile) and error.faults:
        details.append(_bad_request(error.faults))
    if isinstance(error, errors.StateConflict):
        violation = error_details_pb2.PreconditionFailure.Violation(
            type=error.reason, subject=error.subject, description=error.message
        )
        details.append(error_details_pb2.PreconditionFailure(violations=[violation]))
    if isinstance(error, errors.Unavailable):
        details.append(error_details_pb2.RetryInfo(retry_delay=_duration(error.retry_after)))
    return details


def _info(reason: str, metadata: dict[str, str]) -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata)


def _bad_request(faults: tuple[FieldFault, ...]) -> error_details_pb2.BadRequest:
    violation = error_details_pb2.BadRequest.FieldViolation
    return error_details_pb2.BadRequest(
        field_violations=[violation(field=fault.path, description=str(fault), reason=fault.code) for fault in faults]
    )


def _duration(value: timedelta) -> Duration:
    duration = Duration()
    duration.FromTimedelta(value)
    return duration
