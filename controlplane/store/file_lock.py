"""One process a SQLite file, held by a lock on a file beside it that ends with the process, however that ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from controlplane.domain.errors import Unavailable


class StoreInUse(RuntimeError):
    """Another process, or another store of this one, has the database file."""


@contextlib.contextmanager
def only_process(database: Path) -> Iterator[None]:
    """Hold `<database>.lock` for the block. Raises StoreInUse when somebody else does, at once."""
    lock = Path(f"{database}.lock")
    try:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable(f"the lock file {lock} cannot be made ({error.strerror}); check its folder") from None
    try:
        _take(handle, database)
        yield
    finally:
        os.close(handle)  # the file stays: removing it would let two processes lock two files of one name


def _take(handle: int, database: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
        raise StoreInUse(
            f"the database file {database} is in use by process {holder}; stop it first, or name another file"
        ) from None
    with contextlib.suppress(OSError):  # on a full disk the lock holds all the same, only nameless
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
