"""What PostgreSQL and its driver raise, in domain words, and after which of it a connection may not be used again."""

from __future__ import annotations

import logging
import traceback

import psycopg

from controlplane.domain.errors import AlreadyExists, DomainError, InvalidInput, NotFound, Unavailable
from controlplane.store.faults import AT_ONCE, AWAY, LACKS_TABLES, LATER, SOON, TAKEN, TAKEN_OTHERWISE

log = logging.getLogger(__name__)

# PostgreSQL's states by their first characters, the longest that fits counts: the text, and when to come again.
OUTAGES = {
    "08": ("the connection to the database was lost", SOON),
    "25006": ("the database is read-only, as a standby is; it may be failing over", SOON),
    "25P03": ("the database ended a transaction that stood still for too long", AT_ONCE),
    "25P04": ("the database ended a transaction that took too long", SOON),
    "26": ("the database forgot what was prepared for it, as behind a pooler; name PostgreSQL itself", AT_ONCE),
    "28": ("the database refuses our login; check the user and password of the database's address", LATER),
    "3D": ("the database named in the address does not exist", LATER),
    "40": ("another change was in the way", AT_ONCE),
    "42P01": (LACKS_TABLES, LATER),
    "42703": ("the database lacks columns of this release: run `agentrouter admin migrate-database`", LATER),
    "42501": ("the database's user may not use its tables; grant it", LATER),
    "53100": ("the database's disk is full", LATER),
    "53": ("the database is out of resources", SOON),
    "55P03": ("another change holds the row for longer than the bounded wait", AT_ONCE),
    "57014": ("the database did not answer within its time limit", SOON),
    "57": ("the database is shutting down or starting up", SOON),
    "58": ("the database's machine failed to read or write", SOON),
    "XX": ("the database failed", LATER),
}
# After these nothing that is connected to this server is of use: it goes away, or another one writes now.
SERVER_IS_LOST = ("57P", "25006")
# After these the connection's own state is not what its driver takes it for.
CONNECTION_IS_LOST = ("08", "26", "25P03", "25P04")


def to_domain(error: psycopg.Error) -> DomainError:
    """The domain error for what the server refused or its driver could not do."""
    state = error.sqlstate or ""
    if state == "23505":
        return AlreadyExists(TAKEN.get(error.diag.constraint_name or "", TAKEN_OTHERWISE))
    if state == "23503":
        return NotFound("what this object belongs to does not exist")
    if state.startswith("22") or isinstance(error, psycopg.DataError):
        return InvalidInput("a text or number cannot be stored")
    outage = next((OUTAGES[state[:size]] for size in (5, 2) if state[:size] in OUTAGES), None)
    if outage is None and not state and not isinstance(error, psycopg.ProgrammingError | psycopg.NotSupportedError):
        outage = AWAY  # the driver's own words are of the connection, but for those of statements that it cannot send
    if outage is None:
        _log_unknown(error)
        return DomainError(f"the database refused the statement ({type(error).__name__} {state})")
    return Unavailable(outage[0], retry_after=outage[1])


def server_is_lost(error: BaseException) -> bool:
    """Whether every connection to the server is as useless as the one that told it."""
    return isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith(SERVER_IS_LOST)


def connection_is_in_doubt(error: BaseException) -> bool:
    """Whether the connection has to be closed: unless the server itself said that a statement failed, nobody knows what
    its driver has left behind. psycopg 3.3, cancelled while it enters its pipeline, stays in there with an
    AssertionError, and whoever had the connection next would pay for it.
    """
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return error.sqlstate.startswith((*SERVER_IS_LOST, *CONNECTION_IS_LOST))
    return not isinstance(error, psycopg.DataError | OverflowError | UnicodeEncodeError)  # a caller's own value


def _log_unknown(error: psycopg.Error) -> None:
    """Where it came from and the first line of what was said, which names no values; details may."""
    said = error.diag.message_primary or str(error).partition("\n")[0]
    frames = "".join(traceback.format_tb(error.__traceback__)[-5:])
    log.error("the database refused a statement: %s %s: %s\n%s", type(error).__name__, error.sqlstate, said, frames)
