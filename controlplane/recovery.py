"""Backup, restore and new epochs as an operator runs them: with a bar while it lasts and a sentence at the end."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from controlplane.settings import Settings
from controlplane.store import back_up, new_epoch, restore

BAR = 30
PAUSE = 0.1  # seconds between two drawings


def save_backup(settings: Settings, path: Path) -> str:
    """What to say of it. Raises what `back_up` raises."""
    with _bar("saving") as progress:
        header = back_up(settings.store_url, path, now=datetime.now(UTC), progress=progress)
    size = path.stat().st_size
    return (
        f"{path}: {header.total} rows in {size:,} bytes, of epoch {header.epoch[:8]}. "
        "The master key is not in it: keep that apart, nothing sealed opens without it."
    )


def restore_backup(settings: Settings, path: Path, *, replace: bool) -> str:
    """What to say of it. Raises what `restore` raises."""
    epoch = secrets.token_hex(16)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _bar("restoring") as progress:
        header = restore(settings.store_url, path, epoch=epoch, replace=replace, progress=progress)
    return (
        f"restored {header.total} rows as of {header.made_at}; the new epoch is {epoch[:8]}. "
        "Data planes take everything again with their next poll. What was revoked or enrolled after the backup is not "
        "in it: revoke again, enrol again."
    )


def begin_epoch(settings: Settings) -> str:
    """What to say of it. Raises what `new_epoch` raises."""
    epoch = secrets.token_hex(16)
    new_epoch(settings.store_url, epoch=epoch)
    return f"the new epoch is {epoch[:8]}; data planes take everything again with their next poll"


@contextmanager
def _bar(verb: str) -> Iterator[Callable[[int, int], None]]:
    """On a terminal, on stderr; elsewhere nothing is drawn."""
    drawn_at = 0.0

    def draw(done: int, total: int) -> None:
        nonlocal drawn_at
        if not sys.stderr.isatty() or (time.monotonic() - drawn_at < PAUSE and done < total):
            return
        drawn_at = time.monotonic()
        share = done / total if total else 1.0
        filled = int(BAR * share)
        print(f"\r{verb} [{'#' * filled}{'.' * (BAR - filled)}] {share:4.0%}", end="", file=sys.stderr, flush=True)

    yield draw
    if sys.stderr.isatty():
        print(file=sys.stderr)
