"""What may go wrong for the operator: one clear line, an exit code, and the faults of a refused document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from contract.faults import Fault


class CliError(Exception):
    """Ends the command. `exit_code` is part of the CLI's promise: 1 refused, 2 usage, 3 unreachable, 4 unauthorised."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, code: str = "failed", faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.faults = tuple(faults)


class Refused(CliError):
    """The input was understood and refused."""

    exit_code = 1


class NotFound(Refused):
    """What was named is not there."""


class WrongUsage(CliError):
    """The command was called in a way that cannot work."""

    exit_code = 2


class Unreachable(CliError):
    """No product runs where it was looked for, or it did not answer."""

    exit_code = 3


class Unauthorised(CliError):
    """The product does not accept the key, or the key may not do this."""

    exit_code = 4


class Unproven(CliError):
    """Stored, but not every data plane proved it in the time given."""

    exit_code = 5
