"""An agent's report as text in one column: it is written often and read as a whole, and its words may be anything."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from controlplane.domain.dataplanes import AgentReport, BackendOutage, RejectedVersion, RunningVersion
from controlplane.domain.reverts import Revert, RevertFigures

SMALL = 20  # slots, warnings and outages


def to_text(report: AgentReport) -> str:
    """JSON in ASCII, so that no character of the agent's is special to the database.

    A crowd says much the same: the texts of short reports are kept, those of long ones would take memory without bound.
    """
    told = (report.running, report.rejected, report.warnings, report.reverted, report.outages)
    short = sum(map(len, told)) <= SMALL and sum(map(len, report.warnings)) <= SMALL * 100
    return _kept_text(report) if short else _text(report)


def _text(report: AgentReport) -> str:
    stale_since = report.serving_stale_since
    fields: dict[str, Any] = {
        "agent_version": report.agent_version,
        "envoy_version": report.envoy_version,
        "received_revision": report.received_revision,
        "running": [[each.slot, each.version] for each in report.running],
        "rejected": [[each.slot, each.version, each.reason, each.workspace_version] for each in report.rejected],
        "serving_stale_since": stale_since.isoformat() if stale_since else None,
        "ledger_lost": report.ledger_lost,
        "warnings": list(report.warnings),
        "reverted": [revert_fields(each) for each in report.reverted],
        "running_revision": report.running_revision,
        "outages": [[each.user_id, each.backend, each.reason] for each in report.outages],
    }
    return json.dumps(fields, separators=(",", ":"))


_kept_text = lru_cache(maxsize=1000)(_text)


def from_text(text: str) -> AgentReport:
    """The report again; fields that an older release did not write have their defaults, unknown ones are let go."""
    fields = {name: value for name, value in json.loads(text).items() if name in AgentReport.__dataclass_fields__}
    fields["running"] = tuple(RunningVersion(*each) for each in fields.get("running", ()))
    fields["rejected"] = tuple(RejectedVersion(*each) for each in fields.get("rejected", ()))
    fields["warnings"] = tuple(fields.get("warnings", ()))
    fields["outages"] = tuple(BackendOutage(*each) for each in fields.get("outages", ()))
    fields["reverted"] = tuple(map(revert_from, fields.get("reverted", ())))
    if fields.get("serving_stale_since"):
        fields["serving_stale_since"] = datetime.fromisoformat(fields["serving_stale_since"])
    return AgentReport(**fields)


def revert_fields(told: Revert) -> list[Any]:
    """Everything of a return, as JSON has it."""
    figures = told.figures
    said_at = told.reverted_at.isoformat() if told.reverted_at else None
    judged = [figures.requests, figures.failures, figures.failure_ratio, figures.window.total_seconds()]
    return [told.slot, told.from_version, told.to_version, judged, told.reason, told.workspace_version, said_at]


def revert_from(fields: list[Any]) -> Revert:
    """The reverse."""
    slot, from_version, to_version, (requests, failures, ratio, seconds), reason, workspace_version, said_at = fields
    figures = RevertFigures(requests, failures, ratio, timedelta(seconds=seconds))
    reverted_at = datetime.fromisoformat(said_at) if said_at else None
    return Revert(slot, from_version, to_version, figures, reason, workspace_version, reverted_at)
