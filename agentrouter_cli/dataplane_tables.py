"""Data planes as tables: many with a line each, one with everything that it says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentrouter.management.v1 import dataplanes_pb2
from agentrouter_cli.output import Output, envoy_release, plain, print_json, print_table, time_text, word

if TYPE_CHECKING:
    from agentrouter.configurator.v1 import configurations_pb2

    Report = configurations_pb2.AgentReport

COLUMNS = (
    "DATA PLANE",
    "NAME",
    "GROUP",
    "CONNECTION",
    "SYNC",
    "APPLIED",
    "RUNNING",
    "DESIRED",
    "STALE SINCE",
    "AGENT",
    "ENVOY",
    "LAST SEEN",
    "URL",
    "WARNINGS",
)


def print_dataplanes(answer: Any, output: Output) -> None:
    """The list, as a table or as JSON."""
    if output is Output.JSON:
        print_json(plain(answer))
        return
    rows = [_row(each) for each in answer.dataplanes]
    print_table(COLUMNS, rows, empty="no data plane is enrolled; `agentrouter dataplanes join-token` lets one join")


def print_dataplane(answer: Any, output: Output) -> None:
    """One of them: its facts, then the slots that it names."""
    if output is Output.JSON:
        print_json(plain(answer))
        return
    one = answer.dataplane
    print_table(("DATA PLANE", one.id), [fact for fact in _facts(one) if fact[1] != ""], empty="")
    if slots := _slots(one.report):
        print_table(("SLOT", "RUNNING", "REFUSED"), slots, empty="")


def _row(one: dataplanes_pb2.Dataplane) -> tuple[object, ...]:
    report = one.report
    refused = [f"{slot}: {text}" for slot, text in _refusals(report).items()]
    return (
        one.id,
        one.name,
        one.group,
        word(dataplanes_pb2.DataplaneConnection, one.connection),
        _sync(one),
        one.applied_revision,
        report.running_revision or "-",
        one.desired_revision,
        time_text(report.serving_stale_since) or "-",
        report.agent_version,
        envoy_release(report.envoy_version),
        time_text(one.last_seen_at),
        one.url,
        "; ".join([*refused, *(f"out of service: {each}" for each in _outages(report)), *_warnings(report)]),
    )


def _facts(one: dataplanes_pb2.Dataplane) -> list[tuple[str, object]]:
    report = one.report
    return [
        ("name", one.name),
        ("group", one.group),
        ("connection", word(dataplanes_pb2.DataplaneConnection, one.connection)),
        ("sync", _sync(one)),
        ("applied revision", one.applied_revision),
        ("running revision", report.running_revision),
        ("desired revision", one.desired_revision),
        ("serving stale since", time_text(report.serving_stale_since)),
        ("agent", report.agent_version),
        ("envoy", envoy_release(report.envoy_version)),
        ("url", one.url),
        ("enrolled", time_text(one.created_at)),
        ("last seen", time_text(one.last_seen_at)),
        ("retired", time_text(one.retired_at)),
        ("revoked", time_text(one.revoked_at)),
        *(("out of service", each) for each in _outages(report)),
        *(("warning", each) for each in _warnings(report)),
    ]


def _slots(report: Report) -> list[tuple[object, ...]]:
    """Of each slot that the report names."""
    running = {each.slot: each.version for each in report.running}
    running |= {each.slot: each.to_version for each in report.reverted}
    refused = _refusals(report)
    return [
        (slot, running.get(slot) or "-", refused.get(slot, "-")) for slot in sorted(running.keys() | refused.keys())
    ]


def _refusals(report: Report) -> dict[str, str]:
    """Why, by slot; what was taken back says it with its figures."""
    refused = {each.slot: f"version {each.version}: {each.reason}" for each in report.rejected}
    return refused | {each.slot: _taken_back(each) for each in report.reverted}


def _taken_back(one: configurations_pb2.RevertedSlot) -> str:
    figures = one.figures
    to = f"version {one.to_version}" if one.to_version else "nothing"
    said = [one.reason] if one.reason else []
    if figures.requests:
        within = f"within {figures.window.ToTimedelta().total_seconds():g} s"
        said.append(f"{figures.failures} of {figures.requests} requests failed ({figures.failure_ratio:.1%}) {within}")
    why = f": {'; '.join(said)}" if said else ""
    return f"version {one.from_version}: taken back, {to} serves{why}"


def _warnings(report: Report) -> list[str]:
    lost = ["the ledger was lost: everything is sent again"] if report.ledger_lost else []
    said = {f"left out: {each}" for each in _outages(report)}
    return [*lost, *(each for each in report.warnings if each not in said)]


def _outages(report: Report) -> list[str]:
    """Whose backend serves nothing, and why; the warnings of an agent say so as well."""
    return [f"consumer {each.user_id}: backend {each.backend}: {each.reason}" for each in report.outages]


def _sync(one: dataplanes_pb2.Dataplane) -> str:
    return word(dataplanes_pb2.DataplaneSync, one.sync) if one.sync else "-"
