"""How PostgreSQL is connected to: every wait bounded, our session settings sent along, an operator's own winning."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import URL

from controlplane.store.engine import LOCK_WAIT, STATEMENT_LIMIT

# A peer that vanished without a word (a failover) is noticed within seconds, not after the kernel's two hours.
CONNECT_ARGS = {
    "application_name": "agentrouter",
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 5000,
}
TIMEOUT_OF_EACH_HOST = 2  # seconds, so that behind one that does not answer there is time for the next
SESSION = {
    "timezone": "UTC",
    "statement_timeout": int(STATEMENT_LIMIT.total_seconds() * 1000),
    "lock_timeout": int(LOCK_WAIT.total_seconds() * 1000),
    "idle_in_transaction_session_timeout": 60_000,
}
SNAPSHOT = {"default_transaction_isolation": "repeatable\\ read", "default_transaction_read_only": "on"}


def connect_args(url: URL, session: dict[str, Any]) -> dict[str, Any]:
    """What the driver gets beside the address: whatever that says itself counts, and its `options` come last."""
    given = {name: ",".join(values) for name, values in url.normalized_query.items()}
    ours: dict[str, Any] = {**CONNECT_ARGS}
    if "," in given.get("host", url.host or ""):
        ours["connect_timeout"] = TIMEOUT_OF_EACH_HOST
    arguments = {name: value for name, value in ours.items() if name not in given}
    if "default_transaction_read_only" in session and given.get("target_session_attrs") == "read-write":
        arguments["target_session_attrs"] = "primary"  # the same server; a session that only reads is not read-write
    settings = " ".join(f"-c {name}={value}" for name, value in session.items())
    own = " ".join(url.normalized_query.get("options", ()))
    return {**arguments, "options": f"{settings} {own}".strip()}
