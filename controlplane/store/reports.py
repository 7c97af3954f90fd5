"""An agent's report as text in one column: it is written often and read as a whole, and its words may be anything."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from controlplane.domain.dataplanes import AgentReport, RejectedVersion, RunningVersion


@lru_cache(maxsize=1000)
def to_text(report: AgentReport) -> str:
    """JSON in ASCII, so that no character of the agent's is special to the database."""
    stale_since = report.serving_stale_since
    fields: dict[str, Any] = {
        "agent_version": report.agent_version,
        "envoy_version": report.envoy_version,
        "received_revision": report.received_revision,
        "running": [[each.slot, each.version] for each in report.running],
        "rejected": [[each.slot, each.version, each.reason] for each in report.rejected],
        "serving_stale_since": stale_since.isoformat() if stale_since else None,
        "ledger_lost": report.ledger_lost,
        "warnings": list(report.warnings),
    }
    return json.dumps(fields, separators=(",", ":"))


def from_text(text: str) -> AgentReport:
    """The report again; fields that an older release did not write have their defaults, unknown ones are let go."""
    fields = {name: value for name, value in json.loads(text).items() if name in AgentReport.__dataclass_fields__}
    fields["running"] = tuple(RunningVersion(*each) for each in fields.get("running", ()))
    fields["rejected"] = tuple(RejectedVersion(*each) for each in fields.get("rejected", ()))
    fields["warnings"] = tuple(fields.get("warnings", ()))
    if fields.get("serving_stale_since"):
        fields["serving_stale_since"] = datetime.fromisoformat(fields["serving_stale_since"])
    return AgentReport(**fields)
