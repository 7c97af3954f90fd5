"""`trigger`: TriggerUpdate from the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from agentrouter.configurator.v1 import configurations_pb2
from agentrouter_cli.options import DryRunOption, OutputOption, UserOption, WorkspaceOption, connect
from agentrouter_cli.output import DRY_RUN, Output, plain, print_json


def trigger(
    user: UserOption = "",
    reason: Annotated[str, typer.Option(help="Why; kept with the version and its events.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Make a new version even when nothing differs.")] = False,
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Compile the configuration anew and announce it to the data planes when it differs."""
    client = connect(workspace)
    request = configurations_pb2.TriggerUpdateRequest(
        workspace_id=client.workspace_id,
        user_id=user,
        reason=reason,
        force=force,
        validate_only=dry_run,
    )
    answer = client.call(client.configurator.trigger_update, request)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    count = len(answer.event_ids)
    version = answer.configuration.version
    if dry_run:
        print(f"{'would become' if answer.changed else 'would stay'} version {version} ({DRY_RUN})")
    elif answer.changed:
        print(f"version {version}, revision {answer.revision}, {count} event{'' if count == 1 else 's'}")
    else:
        print(f"nothing changed: version {version} already is what compiles (--force makes a new one)")
