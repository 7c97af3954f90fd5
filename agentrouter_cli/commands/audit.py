"""`audit`: who changed what, and whether anybody altered the record of it since."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agentrouter.management.v1 import audit_pb2
from agentrouter_cli.errors import Refused
from agentrouter_cli.options import OutputOption, connect
from agentrouter_cli.output import Output, plain, print_json, print_table, time_text

MOST_AT_ONCE = 1000

app = typer.Typer(no_args_is_help=True, help="Show the audit and verify its hash chain; needs the role admin.")


@app.command("list", epilog="Example: agentrouter audit list --action document.put --limit 20")
def list_records(
    workspace: Annotated[str, typer.Option("--workspace", "-w", help="Only this workspace's; default all.")] = "",
    actor: Annotated[str, typer.Option(help="Only this key's or data plane's, mk_… or dp_….")] = "",
    action: Annotated[str, typer.Option(help="Only this action, for instance document.put.")] = "",
    limit: Annotated[int, typer.Option(help="At most this many, the newest.", min=1)] = 100,
    output: OutputOption = Output.TABLE,
) -> None:
    """List audit records, newest first."""
    client = connect()
    request = audit_pb2.ListAuditRecordsRequest(
        workspace_id=workspace, actor=actor, action=action, page_size=min(limit, MOST_AT_ONCE)
    )
    found: list[Any] = []
    for page in client.pages(client.audit.list_audit_records, request):
        found += page.records
        if len(found) >= limit:
            break
    if output is Output.JSON:
        print_json({"records": [plain(record) for record in found[:limit]]})
        return
    print_table(
        ("NUMBER", "TIME", "WHO", "WHAT", "SUBJECT", "WORKSPACE", "FROM", "DETAILS"),
        [_row(record) for record in found[:limit]],
        empty="no records",
    )


@app.command(epilog="Example: agentrouter audit verify")
def verify(output: OutputOption = Output.TABLE) -> None:
    """Walk the whole chain; fails and says where when a record was edited, deleted, moved or cut off."""
    client = connect()
    answer = client.call(client.audit.verify_audit, audit_pb2.VerifyAuditRequest())
    if output is Output.JSON:
        print_json(plain(answer))
    elif answer.intact:
        print(f"intact: {answer.checked_count} records, each in its place and as it was written")
    if not answer.intact:
        raise Refused(f"the audit is broken at record {answer.broken_sequence}: {answer.problem}", code="AUDIT_BROKEN")


def _row(record: audit_pb2.AuditRecord) -> tuple[object, ...]:
    return (
        record.sequence,
        time_text(record.recorded_at),
        record.actor,
        record.action,
        record.subject,
        record.workspace_id,
        record.origin,
        " ".join(f"{name}={value}" for name, value in sorted(record.details.items())),
    )
