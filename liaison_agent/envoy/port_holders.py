"""Who holds a TCP port of this machine, as far as the kernel tells us: turns "in use" into something one can act on."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

_BIND_FAILED = re.compile(r"cannot bind '.*:(\d+)': address already in use", re.IGNORECASE)
_LISTENING = "0A"


def explain_bind_failure(reason: str) -> str:
    """The same reason, with the holder of the port and the way out, if it is a port in use and the holder is known."""
    match = _BIND_FAILED.search(reason)
    holder = find_holder(int(match.group(1))) if match else None
    if holder is None:
        return reason
    pid, name = holder
    if name == "envoy":
        return f"{reason} by another Envoy (pid {pid}); a second data plane on one host needs --port-offset"
    return f"{reason} by {name} (pid {pid})"


def find_holder(port: int) -> tuple[int, str] | None:
    """Pid and name of a process that listens on the port; None when there is none, or it is not ours to see."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not sockets:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended, or belongs to somebody else
            if any(str(file.readlink()) in sockets for file in (process / "fd").iterdir()):
                return int(process.name), (process / "comm").read_text().strip()
    return None


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(fields[9])
    return found
