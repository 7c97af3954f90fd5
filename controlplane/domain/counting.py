"""Numbers that only grow: versions in a line, and the mark above which every line goes on after a restore.

A restored store has its revisions raised by 2^32, which no revision reaches by counting; so a revision says by itself
which mark holds, and a line that is begun or continued goes on above it, even one that the lost history had, too.
"""

from __future__ import annotations

RAISED_BY = 2**32


def next_version(newest: int, revision: int) -> int:
    """The version that follows `newest` (0: none yet) in a workspace that is at `revision`."""
    mark = revision - revision % RAISED_BY
    return max(newest, mark) + 1
