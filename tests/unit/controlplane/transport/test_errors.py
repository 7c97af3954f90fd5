"""From domain errors to the wire: one code a kind, details that programs can act on, nothing of what is inside."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from google.rpc import code_pb2, error_details_pb2

from controlplane.domain import errors
from controlplane.domain.errors import DomainError, FieldFault
from controlplane.transport.errors import CODES, WireError, not_in_this_release, too_large, wire_error


def detail(error: WireError, kind: type[Any]) -> Any:
    """The detail of that kind."""
    (found,) = [each for each in error.details if isinstance(each, kind)]
    return found


def kinds_of(root: type[DomainError]) -> list[type[DomainError]]:
    """The tree below."""
    return [kind for sub in root.__subclasses__() for kind in (sub, *kinds_of(sub))]


def test_every_kind_of_domain_error_has_a_code() -> None:
    covered = tuple(kind for kind, _ in CODES)

    assert [kind for kind in kinds_of(DomainError) if not issubclass(kind, covered)] == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidInput("x"), "INVALID_ARGUMENT"),
        (errors.DoesNotCompile("x", ()), "FAILED_PRECONDITION"),
        (errors.Unauthenticated("x", reason="TOKEN_EXPIRED"), "UNAUTHENTICATED"),
        (errors.PermissionRefused("x"), "PERMISSION_DENIED"),
        (errors.NotFound("x"), "NOT_FOUND"),
        (errors.AlreadyExists("x"), "ALREADY_EXISTS"),
        (errors.StateConflict("x", subject="evt_1"), "FAILED_PRECONDITION"),
        (errors.Changed("x"), "ABORTED"),
        (errors.Overloaded("x"), "RESOURCE_EXHAUSTED"),
        (errors.Unavailable("x"), "UNAVAILABLE"),
    ],
)
def test_each_kind_says_its_code_reason_and_domain(error: DomainError, code: str) -> None:
    said = wire_error(error)

    info = detail(said, error_details_pb2.ErrorInfo)
    assert (said.code_name, said.message) == (code, "x")
    assert (info.reason, info.domain) == (error.reason, "agentrouter")


def test_faults_are_field_violations_and_conflicts_preconditions() -> None:
    faulty = wire_error(errors.InvalidInput("x", (FieldFault("a.b", "code", "is wrong"),)))
    conflict = wire_error(errors.StateConflict("is over", subject="evt_1", reason="EVENT_FINISHED"))

    (violation,) = detail(faulty, error_details_pb2.BadRequest).field_violations
    assert (violation.field, violation.reason, violation.description) == ("a.b", "code", "is wrong")
    (precondition,) = detail(conflict, error_details_pb2.PreconditionFailure).violations
    assert (precondition.type, precondition.subject) == ("EVENT_FINISHED", "evt_1")


def test_what_may_be_tried_again_says_when() -> None:
    for kind in (errors.Unavailable, errors.Overloaded):
        said = wire_error(kind("x", retry_after=timedelta(milliseconds=100)))

        assert detail(said, error_details_pb2.RetryInfo).retry_delay.ToTimedelta() == timedelta(milliseconds=100)


def test_a_bug_is_logged_under_a_number_and_only_the_number_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        said = wire_error(ZeroDivisionError("something inside"))

    incident = detail(said, error_details_pb2.ErrorInfo).metadata["incident"]
    assert said.code == code_pb2.INTERNAL
    assert "inside" not in said.message
    assert incident in said.message
    assert incident in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_refusal_without_a_code_of_its_own_is_a_bug_as_well(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        said = wire_error(errors.DomainError("the database refused the statement"))

    assert said.code == code_pb2.INTERNAL
    assert detail(said, error_details_pb2.ErrorInfo).metadata["incident"] in caplog.text


def test_what_is_too_large_and_what_is_not_here_yet_are_named() -> None:
    assert (too_large(9).code_name, too_large(9).reason) == ("INVALID_ARGUMENT", "REQUEST_TOO_LARGE")
    assert not_in_this_release("/a.B/C").message == "a.B/C is not in this release"


def many_faults(count: int) -> WireError:
    """A refusal of so many."""
    return wire_error(
        errors.InvalidInput("bad", tuple(FieldFault(f"models[{n}].x", "c", "y" * 60) for n in range(count)))
    )


def test_a_refusal_that_fits_is_carried_whole() -> None:
    refused = many_faults(5)

    assert refused.fitting(5000) is refused


@pytest.mark.parametrize("count", [80, 500, 20_000])
def test_of_more_faults_than_fit_the_first_are_carried_and_the_rest_counted(count: int) -> None:
    refused = many_faults(count)

    fitted = refused.fitting(5000)

    carried = detail(fitted, error_details_pb2.BadRequest).field_violations
    assert fitted.status().ByteSize() <= 5000
    assert 10 < len(carried) < count
    assert [each.field for each in carried] == [f"models[{n}].x" for n in range(len(carried))]
    assert f"({count - len(carried)} fault(s) do not fit" in fitted.message
    assert detail(fitted, error_details_pb2.ErrorInfo).reason == "INVALID_INPUT"
