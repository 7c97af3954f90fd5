"""`validate`: everything that is wrong with documents, and where, without storing anything."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from agentrouter_cli.errors import Refused, WrongUsage
from agentrouter_cli.judged_files import JudgedFile, judge_file
from agentrouter_cli.options import FilesOption, OutputOption, UserOption, WorkspaceOption, connect
from agentrouter_cli.output import Output, console, fault_data, print_json, visible
from contract import Fault

_COLOURS: Final = {"error": "bold red", "warning": "bold yellow"}


def validate(
    file: FilesOption,
    user: UserOption = "",
    fragment: Annotated[
        bool,
        typer.Option("--fragment", help="The files are parts of a document: some sections, a plugin, an algorithm."),
    ] = False,
    server: Annotated[bool, typer.Option("--server", help="Ask the running product too.")] = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Check documents against the contract, offline; every fault is listed with its place and its way out.

    Exit code 0: valid, perhaps with warnings; 1: faults; 2: wrong usage, or a file that cannot be read. Variables of
    the environment are filled in, and need not be set. With --output json the answer is a list, empty without findings.
    """
    if fragment and (user or server):
        raise WrongUsage("--fragment goes with neither --user nor --server: a part of a document is nobody's yet")
    judged = [judge_file(each, user, os.environ, fragment=fragment) for each in file]
    if server:
        judged = [_on_server(each, user, workspace) for each in judged]
    if output is Output.JSON:
        print_json([data for each in judged for data in _data(each, with_file=len(judged) > 1)])
    else:
        _print(judged)
    if faulty := [each for each in judged if each.faults]:
        raise Refused("; ".join(f"{each.name} has {_count(each.faults, 'fault')}" for each in faulty))


def _on_server(judged: JudgedFile, user: str, workspace: str | None) -> JudgedFile:
    """What only the product knows; a document with faults is not sent to it."""
    from agentrouter_cli.commands.apply import check_on_server  # heavy: it speaks to the product

    if judged.faults:
        return judged
    found = check_on_server(connect(workspace), judged.loaded(user, os.environ))
    known = {(one.path, one.code) for one in judged.findings}
    return judged.with_more([one for one in found if (one.path, one.code) not in known])


def _data(judged: JudgedFile, *, with_file: bool) -> list[dict[str, Any]]:
    data = fault_data(judged.findings)
    return [{"file": judged.file, **each} for each in data] if with_file else data


def _print(judged: Sequence[JudgedFile]) -> None:
    if any(each.findings for each in judged):
        _print_findings(judged)
    for each in judged:
        if not each.faults:
            warnings = f", {_count(each.warnings, 'warning')}" if each.warnings else ""
            print(f"{each.name}: valid{warnings}" if len(judged) > 1 else f"valid{warnings}")


def _print_findings(judged: Sequence[JudgedFile]) -> None:
    """`file:line:column: error: path: message [code]`, as editors and compilers write it; then the way out."""
    from rich.text import Text

    out = console()
    for each in judged:
        for finding in each.findings:
            at = f":{finding.line}:{finding.column}" if finding.line is not None else ""
            path = f"{finding.path}: " if finding.path else ""
            severity = Text(finding.severity, style=_COLOURS[finding.severity])
            what = visible(f": {path}{finding.message} [{finding.code}]")
            out.print(Text.assemble(f"{each.name}{at}: ", severity, what), soft_wrap=True)
            if finding.remedy:
                out.print(Text(visible(f"    {finding.remedy}")), soft_wrap=True)


def _count(findings: Sequence[Fault], noun: str) -> str:
    return f"{len(findings)} {noun}{'' if len(findings) == 1 else 's'}"
