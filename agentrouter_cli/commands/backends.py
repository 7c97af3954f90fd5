"""`backends`: the places and keys that consumers bring themselves."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Annotated, Any, Final

import typer

from agentrouter.configurator.v1 import backends_pb2
from agentrouter.management.v1 import backends_pb2 as management_pb2
from agentrouter_cli.backend_files import load_backends
from agentrouter_cli.options import DryRunOption, OutputOption, WorkspaceOption, connect
from agentrouter_cli.output import DRY_RUN, Output, plain, print_json, print_table, time_text, word

app = typer.Typer(no_args_is_help=True, help="Save, list and delete the backends that consumers bring themselves.")

SAVE_EXAMPLE: Final = """
Example: agentrouter backends save alice -f backends.yaml

\b
mode: PREFERRED            # EXCLUSIVE: own only; PREFERRED: own first; FALLBACK: the platform's first
backends:
  - name: mine
    provider: openai       # as the workspace's document names it
    api_key_env: MY_KEY    # or api_key_file: ./my.key; left out, the stored credential is kept

\b
Instead of a key, one of these. Any text may come from the environment (…_env) or a file (…_file).
    oauth: {token_url: https://idp.example.com/token, client_id: me, client_secret_env: SECRET, scopes: [llm]}
    gcp: {key_file: ./service-account.json}
    aws: {access_key_id: AKIA…, secret_access_key_env: AWS_SECRET_ACCESS_KEY, region: us-east-1}
"""

MINTED_NOTE: Final = (
    "each data plane gets access tokens itself; `agentrouter dataplanes list` shows one that cannot as DEGRADED"
)
TEMPORARY_NOTE: Final = (
    "temporary AWS keys are not renewed. Once they end, AWS refuses what they sign (403): with EXCLUSIVE such requests "
    "fail, else the platform's backends serve them. Save the backend again before that"
)

Consumer = Annotated[str, typer.Argument(help="The consumer: letters, digits and . _ @ -")]


@app.command(epilog=SAVE_EXAMPLE)
def save(
    consumer: Consumer,
    file: Annotated[
        str, typer.Option("--file", "-f", help="YAML or JSON with mode and backends, or - for standard input.")
    ],
    etag: Annotated[str, typer.Option(help="Refuse unless the stored set still has it.")] = "",
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Replace a consumer's whole set. Secrets come from the environment or a file, never from the command line."""
    given = load_backends(file, os.environ)
    client = connect(workspace)
    request = backends_pb2.SaveBYOKBackendsRequest(
        workspace_id=client.workspace_id,
        user_id=consumer,
        backends=given.backends,
        mode=given.mode,
        etag=etag,
        validate_only=dry_run,
    )
    answer = client.call(client.configurator.save_byok_backends, request)
    _show(answer, output, empty=_none_left(consumer, dry_run=dry_run), dry_run=dry_run)
    if output is Output.TABLE and not dry_run:
        for note in _to_know(given.backends):
            print(note)


@app.command("list", epilog="Example: agentrouter backends list alice --output json")
def list_backends(consumer: Consumer, workspace: WorkspaceOption = None, output: OutputOption = Output.TABLE) -> None:
    """List a consumer's backends, never their credentials."""
    client = connect(workspace)
    request = management_pb2.ListBackendsRequest(workspace_id=client.workspace_id, user_id=consumer)
    answer = client.call(client.backends.list_backends, request)
    _show(answer, output, empty=f"{consumer} has no backends of its own")
    if output is Output.TABLE and answer.backends:
        print(f"mode {word(backends_pb2.BackendMode, answer.mode)}, etag {answer.etag}")


@app.command(epilog="Example: agentrouter backends delete alice mine")
def delete(
    consumer: Consumer,
    names: Annotated[list[str] | None, typer.Argument(help="Their names; or --all.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Delete some by name, or all; without a last one the platform's backends serve the consumer again."""
    if bool(names) == everything:
        raise typer.BadParameter("name the backends to delete, or say --all")
    client = connect(workspace)
    request = backends_pb2.DeleteBYOKBackendsRequest(
        workspace_id=client.workspace_id, user_id=consumer, names=names or [], validate_only=dry_run
    )
    answer = client.call(client.configurator.delete_byok_backends, request)
    _show(answer, output, empty=_none_left(consumer, dry_run=dry_run), dry_run=dry_run)


def _to_know(saved: Iterable[backends_pb2.Backend]) -> list[str]:
    """What nobody can tell yet, or nobody will tell later, of the credentials that were given."""
    notes = []
    minted = [one.name for one in saved if one.credential.HasField("oauth") or one.credential.HasField("gcp")]
    if minted:
        notes.append(f"{', '.join(minted)}: {MINTED_NOTE}")
    temporary = [one.name for one in saved if one.credential.aws.session_token]
    if temporary:
        notes.append(f"{', '.join(temporary)}: {TEMPORARY_NOTE}")
    return notes


def _none_left(consumer: str, *, dry_run: bool) -> str:
    return f"{consumer} {'would have' if dry_run else 'has'} no backends of its own {'then' if dry_run else 'now'}"


def _show(answer: Any, output: Output, *, empty: str, dry_run: bool = False) -> None:
    if output is Output.JSON:
        print_json(plain(answer))
        return
    print_table(
        ("BACKEND", "PROVIDER", "CREDENTIAL", "ENDS IN", "SAVED"),
        [
            (
                each.name,
                each.provider,
                each.credential_kind,
                f"…{each.last_four}" if each.last_four else "",
                time_text(each.created_at),
            )
            for each in answer.backends
        ],
        empty=empty,
    )
    if dry_run:
        print(f"this would be the set ({DRY_RUN})")
