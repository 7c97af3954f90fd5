"""`events`: what data planes still have to do and, with `--all`, what became of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Annotated, Any, Final

import typer

from agentrouter.configurator.v1 import events_pb2
from agentrouter_cli.client import Client
from agentrouter_cli.options import OutputOption, WorkspaceOption, connect
from agentrouter_cli.output import Output, plain, print_json, print_table, time_text, word

EXAMPLE = "Example: agentrouter events --all --watch"
MOST_EVENTS: Final = 200

_WATCH_SECONDS: Final = 0.5


def events(
    show_all: Annotated[bool, typer.Option("--all", help="Finished ones too, newest first.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on and show every change until Ctrl-C.")] = False,
    slot: Annotated[str, typer.Option(help="Only this slot, for instance config/ (with --all).")] = "",
    dataplane: Annotated[str, typer.Option(help="Only this data plane's.")] = "",
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show events: those that need processing, oldest first, or all of them."""
    client = connect(workspace)
    request = events_pb2.ListPendingEventsRequest(dataplane_id=dataplane, include_finished=show_all or watch, slot=slot)
    if watch:
        _watch(client, request, output)
        return
    answer = list_events(client, request)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    print_events(answer.events)


def list_events(client: Client, request: events_pb2.ListPendingEventsRequest) -> Any:
    """The first `MOST_EVENTS` of the client's workspace."""
    request.workspace_id = client.workspace_id
    request.page_size = MOST_EVENTS
    return client.call(client.configurator.list_pending_events, request)


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
        print(json.dumps(plain(event), ensure_ascii=False), flush=True)
        return
    status = word(events_pb2.EventStatus, event.status)
    kind = word(events_pb2.EventType, event.type)
    error = f"  {event.error}" if event.error else ""
    at = time_text(event.completed_at) or time_text(event.acknowledged_at) or time_text(event.created_at)
    line = f"{at}  {event.id}  {kind}  {event.slot}  version {event.configuration_version}  {event.dataplane_id}"
    print(f"{line}  {status}{error}", flush=True)
