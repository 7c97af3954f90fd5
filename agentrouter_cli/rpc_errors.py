"""Turns what the API answers instead of a result into the CLI's errors, with every fault it carries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2

from agentrouter_cli.errors import CliError, NotFound, Refused, Unauthorised, Unreachable
from contract.connections import meaning_of
from contract.faults import Fault

_UNREACHABLE: Final = frozenset({Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED})
_UNAUTHORISED: Final = frozenset({Code.UNAUTHENTICATED, Code.PERMISSION_DENIED})


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Raise every ConnectError inside as the CliError it means. `url` is named when nothing answers there."""
    try:
        yield
    except ConnectError as problem:
        raise cli_error(problem, url) from None


def cli_error(problem: ConnectError, url: str) -> CliError:
    """One line for people, the server's reason as the code, the faults with their paths."""
    reason, faults = _details(problem)
    code = reason or problem.code.name
    if problem.code in _UNREACHABLE:
        return Unreachable(_unreachable_text(problem, url), code=code)
    text = problem.message or problem.code.name.lower().replace("_", " ")
    if problem.code in _UNAUTHORISED:
        return Unauthorised(f"{text} [{code}]", code=code)
    if problem.code is Code.UNIMPLEMENTED:
        return Refused(f"{text} (the product at {url} does not offer this)", code=code)
    kind = NotFound if problem.code is Code.NOT_FOUND else Refused
    return kind(text, code=code, faults=faults)


def _unreachable_text(problem: ConnectError, url: str) -> str:
    if problem.code is Code.DEADLINE_EXCEEDED:
        return f"{url} did not answer in time; is the control plane overloaded or stopped?"
    if meaning := meaning_of(problem.message):
        return f"cannot reach the control plane at {url}: {meaning}"
    return f"{url} is unavailable: {problem.message}"


def _fault(violation: error_details_pb2.BadRequest.FieldViolation) -> Fault:
    remedy = "--workspace, or AGENTROUTER_WORKSPACE" if violation.field == "workspace_id" else ""
    return Fault(violation.field, violation.reason, violation.description, remedy=remedy)


def _details(problem: ConnectError) -> tuple[str, list[Fault]]:
    reason, faults = "", []
    for detail in problem.details:
        try:
            match detail.type_name:
                case "google.rpc.ErrorInfo":
                    reason = error_details_pb2.ErrorInfo.FromString(detail.message_bytes).reason
                case "google.rpc.BadRequest":
                    bad = error_details_pb2.BadRequest.FromString(detail.message_bytes)
                    faults += [_fault(each) for each in bad.field_violations]
                case "google.rpc.PreconditionFailure":
                    failure = error_details_pb2.PreconditionFailure.FromString(detail.message_bytes)
                    faults += [Fault(each.subject, each.type, each.description) for each in failure.violations]
        except DecodeError:
            continue
    return reason, faults
