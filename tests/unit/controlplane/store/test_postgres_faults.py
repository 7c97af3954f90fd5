"""What PostgreSQL and its driver raise, real exceptions: the word for it, and whether the connection is closed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from psycopg import errors as driver
from psycopg.transaction import OutOfOrderTransactionNesting
from sqlalchemy import exc

from controlplane.domain.errors import DomainError, InvalidInput, NotFound, Unavailable
from controlplane.store.faults import in_domain_words, to_domain, while_committing, while_opening
from controlplane.store.postgres_faults import connection_is_in_doubt, server_is_lost


def of_state(sqlstate: str) -> driver.Error:
    """As the server raises it; a state that the driver does not know has its class's."""
    try:
        return driver.lookup(sqlstate)("something")
    except KeyError:
        made = driver.get_base_exception(sqlstate)("something")
        made.sqlstate = sqlstate
        return made


def wrapped(error: driver.Error) -> exc.DBAPIError:
    """As SQLAlchemy passes it on."""
    made = exc.DBAPIError.instance("SELECT secret", {}, error, driver.Error)
    assert isinstance(made, exc.DBAPIError)
    return made


# What a restart, a crash, a failover, a pooler or a full machine make of a statement.
OUTAGES = [
    *("08000", "08001", "08003", "08006", "08P01"),
    *("25006", "25P03", "25P04", "26000", "40001", "40P01"),
    *("53000", "53100", "53200", "53300", "53400", "55P03"),
    *("57014", "57P01", "57P02", "57P03", "57P04", "57P05"),
    *("58000", "58030", "58P01", "XX000", "XX001", "XX002"),
]


@pytest.mark.parametrize("sqlstate", OUTAGES)
def test_what_the_server_cannot_do_now_is_unavailable_and_says_when_to_come_again(sqlstate: str) -> None:
    found = to_domain(wrapped(of_state(sqlstate)))

    assert isinstance(found, Unavailable)
    assert found.retry_after.total_seconds() > 0
    assert "secret" not in str(found)


# All that the driver raises of itself when a connection breaks, is out of step or is used by two.
OF_THE_CONNECTION = [
    driver.OperationalError("consuming input failed: server closed the connection unexpectedly"),
    driver.OperationalError("the connection is closed"),
    driver.OperationalError("sending query failed: another command is already in progress"),
    driver.ConnectionTimeout("connection timeout expired"),
    driver.PipelineAborted("pipeline aborted"),
    driver.InterfaceError("cannot execute operations: the connection is in status 8"),
    driver.InternalError("got no result from the query"),
    driver.InternalError("received 2 results from command 'COMMIT'"),
    driver.DatabaseError("lost synchronization with server: got message type"),
]


@pytest.mark.parametrize("error", OF_THE_CONNECTION, ids=str)
def test_what_the_driver_says_of_a_connection_is_unavailable_and_closes_it(error: driver.Error) -> None:
    assert isinstance(to_domain(wrapped(error)), Unavailable)
    assert connection_is_in_doubt(error)


# Raised before anything of ours is sent, or once all of it was: nothing is wrong with a statement.
OF_ITS_STATE = [
    driver.ProgrammingError("can't change 'autocommit' now: connection in transaction status ACTIVE"),
    driver.ProgrammingError("Explicit rollback() forbidden within a Transaction context."),
    driver.ProgrammingError("the last operation didn't produce records (command status: BEGIN)"),
    OutOfOrderTransactionNesting("transaction rollback at the wrong nesting level"),
]


@pytest.mark.parametrize("error", OF_ITS_STATE, ids=str)
@pytest.mark.parametrize("step", [while_opening, while_committing])
def test_a_drivers_complaint_of_its_own_state_is_unavailable_where_no_statement_can_be_wrong(
    error: driver.Error, step: Callable[[], AbstractContextManager[None]]
) -> None:
    with pytest.raises(Unavailable) as caught, step():
        raise wrapped(error)

    assert caught.value.retry_after.total_seconds() > 0
    assert connection_is_in_doubt(error)


def test_a_commit_that_ends_in_nobody_knows_what_is_unavailable_so_that_it_is_asked_again() -> None:
    with pytest.raises(Unavailable, match="whether the change was stored is not known"), while_committing():
        raise AssertionError


def test_a_statement_that_cannot_be_sent_is_our_bug_and_not_an_outage(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(DomainError) as caught, in_domain_words():
        raise wrapped(driver.ProgrammingError("cannot adapt type 'object' using placeholder '%s'"))

    assert type(caught.value) is DomainError
    assert "cannot adapt type" in caplog.text


@pytest.mark.parametrize(
    ("sqlstate", "expected"), [("22021", InvalidInput), ("22003", InvalidInput), ("23503", NotFound)]
)
def test_a_callers_fault_is_the_callers_and_keeps_the_connection(sqlstate: str, expected: type[DomainError]) -> None:
    error = of_state(sqlstate)

    assert type(to_domain(wrapped(error))) is expected
    assert not connection_is_in_doubt(error)


@pytest.mark.parametrize(
    "error",
    [
        driver.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"),
        OverflowError("Python int too large to convert to C long"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_value_that_nobody_could_store_costs_no_connection(error: Exception) -> None:
    assert isinstance(to_domain(error), InvalidInput)
    assert not connection_is_in_doubt(error)


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "55P03", "57014", "23505", "53100", "42P01"])
def test_what_the_server_refused_of_one_statement_keeps_the_connection(sqlstate: str) -> None:
    assert not connection_is_in_doubt(of_state(sqlstate))


@pytest.mark.parametrize("sqlstate", ["57P01", "57P02", "57P03", "25006"])
def test_a_server_that_ends_or_became_a_standby_takes_every_connection_with_it(sqlstate: str) -> None:
    assert connection_is_in_doubt(of_state(sqlstate))
    assert server_is_lost(of_state(sqlstate))


def test_whatever_else_comes_out_of_the_driver_leaves_the_connection_in_doubt() -> None:
    assert connection_is_in_doubt(AssertionError())  # psycopg, interrupted while it enters its pipeline
    assert not server_is_lost(AssertionError())
