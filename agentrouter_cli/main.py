"""`agentrouter`: calls a command, and turns every failure into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from agentrouter_cli.command_table import Commands
from agentrouter_cli.errors import CliError
from agentrouter_cli.options import OutputOption
from agentrouter_cli.output import Output, print_faults, print_json, visible

DEBUG_VARIABLE: Final = "AGENTROUTER_DEBUG"
CA_VARIABLE: Final = "AGENTROUTER_CA_FILE"

app = typer.Typer(
    name="agentrouter",
    cls=Commands,
    help="AgentRouter: one change in one place, proven applied in every gateway.",
    epilog="Start with: agentrouter run. Commands find the running product by themselves; "
    "for another one set AGENTROUTER_URL and AGENTROUTER_KEY or AGENTROUTER_KEY_FILE. "
    "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 product unreachable, 4 key not accepted, "
    "5 stored but not proven in time.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def everywhere(
    ca_file: Annotated[
        Path | None,
        typer.Option(help="PEM of the CA to trust for https [AGENTROUTER_CA_FILE; default whom this host trusts]."),
    ] = None,
) -> None:
    """One change in one place, proven applied in every gateway."""
    if ca_file is not None:
        os.environ[CA_VARIABLE] = str(ca_file)


@app.command("version", epilog="Example: agentrouter version --output json")
def show_version(output: OutputOption = Output.TABLE) -> None:
    """Show the release of this command line."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        release = version("agentrouter")
    except PackageNotFoundError:
        release = "unknown (not installed)"
    if output is Output.JSON:
        print_json({"version": release})
    else:
        print(f"agentrouter {release}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; always leaves by SystemExit."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="agentrouter")
    except CliError as problem:
        if problem.faults:
            print_faults(problem.faults)
        print(f"error: {visible(problem.message)}", file=sys.stderr)
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as problem:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        kind = type(problem).__name__
        said = f"error: unexpected {kind}: {problem} (set {DEBUG_VARIABLE}=1 for the details)"
        print(visible(said), file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
