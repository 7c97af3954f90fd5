"""`events`: what data planes have to do and, with `--all`, what became of it; replay one, replace its metadata."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Annotated, Any, Final

import typer

from agentrouter.configurator.v1 import events_pb2
from agentrouter.management.v1 import operations_pb2
from agentrouter_cli.client import Client
from agentrouter_cli.documents import read_input
from agentrouter_cli.errors import Refused
from agentrouter_cli.options import DryRunOption, OutputOption, WorkspaceOption, connect
from agentrouter_cli.output import DRY_RUN, Output, plain, print_json, print_table, time_text, visible, word
from contract import ContractError, parse_text

app = typer.Typer(epilog="Example: agentrouter events --all --watch")
MOST_EVENTS: Final = 200

_WATCH_SECONDS: Final = 0.5


@app.callback(invoke_without_command=True)
def events(
    context: typer.Context,
    show_all: Annotated[bool, typer.Option("--all", help="Finished ones too, newest first.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on and show every change until Ctrl-C.")] = False,
    slot: Annotated[str, typer.Option(help="Only this slot, for instance config/ (with --all).")] = "",
    dataplane: Annotated[str, typer.Option(help="Only this data plane's.")] = "",
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show events: those that need processing, oldest first, or all of them."""
    if context.invoked_subcommand is not None:
        return
    client = connect(workspace)
    request = events_pb2.ListPendingEventsRequest(dataplane_id=dataplane, include_finished=show_all or watch, slot=slot)
    if watch:
        _watch(client, request, output)
        return
    print_listed(list_events(client, request), output)


@app.command(epilog="Example: agentrouter events replay evt_01J…")
def replay(
    event_id: Annotated[str, typer.Argument(help="A dead letter's id.")],
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Try a dead letter again, with fresh attempts."""
    client = connect()
    request = operations_pb2.ReplayEventRequest(event_id=event_id, validate_only=dry_run)
    _show(client.call(client.operations.replay_event, request).event, output, dry_run=dry_run)


@app.command(epilog="Example: agentrouter events metadata evt_01J… -f ticket.yaml")
def metadata(
    event_id: Annotated[str, typer.Argument(help="Any event's id, a finished one's too.")],
    file: Annotated[str, typer.Option("--file", "-f", help="YAML or JSON file, or - for standard input.")],
    etag: Annotated[str, typer.Option(help="Only if the event still has this etag.")] = "",
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Replace what is kept with an event; nothing of what was there stays."""
    client = connect()
    request = events_pb2.UpdateEventMetadataRequest(event_id=event_id, etag=etag, validate_only=dry_run)
    try:
        request.metadata.update(parse_text(read_input(file)))
    except ContractError as problem:
        raise Refused(f"{file} is not metadata; nothing was stored", code="INVALID", faults=problem.faults) from None
    _show(client.call(client.configurator.update_event_metadata, request).event, output, dry_run=dry_run)


def _show(event: events_pb2.Event, output: Output, *, dry_run: bool) -> None:
    if output is Output.JSON:
        print_json(plain(event))
        return
    print_events([event])
    if dry_run:
        print(f"it would be so ({DRY_RUN})")


def list_events(client: Client, request: events_pb2.ListPendingEventsRequest) -> Any:
    """The first `MOST_EVENTS` of the client's workspace."""
    request.workspace_id = client.workspace_id
    request.page_size = MOST_EVENTS
    return client.call(client.configurator.list_pending_events, request)


def print_listed(answer: events_pb2.ListPendingEventsResponse, output: Output) -> None:
    """What was listed; that there is more is said, not shown."""
    if output is Output.JSON:
        print_json(plain(answer))
        return
    print_events(answer.events)
    if answer.next_page_token:
        more = f"there are more than these {len(answer.events)}; `agentrouter events` takes --dataplane and --slot"
        typer.echo(more, err=True)


def print_events(found: Iterable[events_pb2.Event]) -> None:
    """A table."""
    print_table(
        ("EVENT", "TYPE", "SLOT", "VERSION", "STATUS", "ATTEMPT", "DATA PLANE", "CREATED", "COMPLETED", "ERROR"),
        [_row(each) for each in found],
        empty="no events",
    )


def _row(event: events_pb2.Event) -> tuple[object, ...]:
    return (
        event.id,
        word(events_pb2.EventType, event.type),
        event.slot,
        event.configuration_version,
        word(events_pb2.EventStatus, event.status),
        event.attempt,
        event.dataplane_id,
        time_text(event.created_at),
        time_text(event.completed_at),
        event.error,
    )


def _watch(client: Client, request: events_pb2.ListPendingEventsRequest, output: Output) -> None:
    """One line each time an event is new or has changed; oldest first."""
    seen: dict[str, tuple[str, int]] = {}
    try:
        while True:
            for event in reversed(list_events(client, request).events):
                state = (event.etag, event.status)
                if seen.get(event.id) != state:
                    seen[event.id] = state
                    _print_line(event, output)
            time.sleep(_WATCH_SECONDS)
    except KeyboardInterrupt:
        return


def _print_line(event: events_pb2.Event, output: Output) -> None:
    if output is Output.JSON:
        print(visible(json.dumps(plain(event), ensure_ascii=False)), flush=True)
        return
    status = word(events_pb2.EventStatus, event.status)
    kind = word(events_pb2.EventType, event.type)
    error = f"  {' '.join(event.error.split())}" if event.error else ""
    at = time_text(event.completed_at) or time_text(event.acknowledged_at) or time_text(event.created_at)
    line = f"{at}  {event.id}  {kind}  {event.slot}  version {event.configuration_version}  {event.dataplane_id}"
    print(visible(f"{line}  {status}{error}"), flush=True)
