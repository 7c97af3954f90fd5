"""`keys rotate`: wrap everything that is sealed at rest under the present master key, with a bar."""

from __future__ import annotations

from agentrouter.management.v1 import operations_pb2
from agentrouter_cli.errors import Refused
from agentrouter_cli.options import OutputOption, connect
from agentrouter_cli.output import Output, console, plain, print_json


def rotate(output: OutputOption = Output.TABLE) -> None:
    """Wrap every sealed value under the primary master key; needs a platform key.

    First give every control plane the new key (AGENTROUTER_MASTER_KEY_FILE) beside the former ones
    (AGENTROUTER_MASTER_KEYS_OLD_FILE). Stopped half-way, it goes on when called again. Once it is done, the former
    keys may be taken away.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    client = connect()
    last = operations_pb2.RotateMasterKeyResponse()
    columns = (TextColumn("wrapping"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console(stderr=True), disable=output is Output.JSON) as bar:
        task = bar.add_task("", total=None)
        for last in client.stream(client.operations.rotate_master_key, operations_pb2.RotateMasterKeyRequest()):
            bar.update(task, completed=last.wrapped_count, total=last.total_count)
    if not last.done:
        raise Refused("the rotation ended early; call it again, it goes on where it stopped", code="NOT_DONE")
    if output is Output.JSON:
        print_json(plain(last))
        return
    print(f"{last.total_count} sealed values are under master key {last.fingerprint}; former keys are needed no more")
