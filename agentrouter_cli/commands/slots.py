"""`reconcile` and `full-sync`: find what data planes lack, and send it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agentrouter.configurator.v1 import slots_pb2
from agentrouter_cli.errors import Refused
from agentrouter_cli.options import DryRunOption, OutputOption, WorkspaceOption, connect
from agentrouter_cli.output import Output, console, plain, print_json, print_outcome, print_table, word


def reconcile(
    dry_run: DryRunOption = False,
    include_rejected: Annotated[
        bool, typer.Option("--include-rejected", help="Send refused versions again, too.")
    ] = False,
    dataplane: Annotated[str, typer.Option(help="Only this data plane.")] = "",
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Compare what every data plane should have with what it proved, and send again what it lacks."""
    client = connect(workspace)
    request = slots_pb2.ReconcileWorkspaceRequest(
        workspace_id=client.workspace_id,
        dataplane_id=dataplane,
        include_rejected=include_rejected,
        validate_only=dry_run,
    )
    answer = client.call(client.configurator.reconcile_workspace, request)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    _print_rows(answer.rows)
    counts = ", ".join(f"{getattr(answer, f'{kind}_count')} {kind}" for kind in _KINDS)
    found = f"{counts}: {answer.enqueued_count}"
    print_outcome(f"{found} sent again", f"{found} would be sent again", dry_run=dry_run)


_KINDS = ("missing", "stale", "orphaned", "rejected")


def full_sync(
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Compile every configuration anew, compare every slot and send every data plane everything: the last resort.

    One runs at a time in a workspace; a call while it runs shows its progress. It goes on when this command is stopped.
    """
    client = connect(workspace)
    request = slots_pb2.FullSyncWorkspaceRequest(workspace_id=client.workspace_id, validate_only=dry_run)
    whole = slots_pb2.FullSyncWorkspaceResponse()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), disable=output is Output.JSON) as bar:
        task = bar.add_task("compiling", total=None)
        for step in client.stream(client.configurator.full_sync_workspace, request):
            whole.MergeFrom(step)  # rows and problems add up, counts are replaced
            what = "compiling" if step.walked_count == step.compiled_count else "walking"
            bar.update(task, completed=step.walked_count, total=step.total_count, description=what)
    if not whole.done:
        raise Refused("the progress ended early; call it again to see on", code="NOT_DONE")
    if output is Output.JSON:
        print_json(plain(whole))
        return
    _report(whole, dry_run=dry_run)


def _report(whole: Any, *, dry_run: bool) -> None:
    _print_rows(whole.rows)
    if whole.problems:
        rows = [(each.user_id or "(workspace)", each.message) for each in whole.problems]
        print_table(("USER", "DOES NOT COMPILE"), rows, empty="")
    compiled, walked = f"{whole.compiled_count} compiled, {whole.changed_count}", f"{whole.walked_count} walked in all"
    print_outcome(
        f"{compiled} got a new version; {walked}; every data plane was told to take everything",
        f"{compiled} would get a new version; {walked}; every data plane would be told to take everything",
        dry_run=dry_run,
    )


def _print_rows(rows: Iterable[slots_pb2.SlotRow]) -> None:
    print_table(
        ("DATA PLANE", "SLOT", "FINDING", "EVENT"),
        [(row.dataplane_id, row.slot, word(slots_pb2.SlotFinding, row.finding), row.event_id or "-") for row in rows],
        empty="every slot is as desired",
    )
