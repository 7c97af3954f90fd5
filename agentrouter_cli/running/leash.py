"""Started as a script: becomes the given command, which the kernel kills when the process that started it dies.

A script of its own, not code between fork and exec: that would run in a copy of a process with threads. It imports
nothing of the product, so it costs a few milliseconds, and the process id stays the one the parent knows.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """`leash.py PARENT_PID COMMAND…`."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the kernel was told
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
