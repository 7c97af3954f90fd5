"""`run.json`: what a living `agentrouter run` tells other programs; complete or absent, for its owner alone."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

FILE_NAME: Final = "run.json"
HOME_VARIABLE: Final = "AGENTROUTER_HOME"


@dataclass(frozen=True, slots=True)
class Pids:
    """Process ids; 0 for one that is down."""

    controlplane: int
    agent: int
    envoy: int


@dataclass(frozen=True, slots=True)
class RunFile:
    """`http` and `gateway` are base URLs, `grpc` is host:port; the management key is revoked when the run ends."""

    http: str
    grpc: str
    gateway: str
    workspace_id: str
    dataplane_id: str
    management_key: str = field(repr=False)
    consumer_key: str = field(repr=False)
    pid: int
    pids: Pids


def home_folder(environment: Mapping[str, str]) -> Path:
    """Where the product keeps its state: AGENTROUTER_HOME, else `.agentrouter` in the current folder."""
    return Path(environment.get(HOME_VARIABLE) or ".agentrouter").expanduser().absolute()


def write_run_file(home: Path, content: RunFile) -> None:
    """Replace the file in one step, mode 0600."""
    write_private_json(home / FILE_NAME, asdict(content))


def read_run_file(home: Path) -> RunFile | None:
    """The file of a run that lives; None when there is none, its process is dead, or it cannot be read."""
    content = read_private_json(home / FILE_NAME)
    try:
        found = RunFile(**{**content, "pids": Pids(**content["pids"])}) if content else None
    except (KeyError, TypeError):
        return None
    return found if found is not None and is_alive(found.pid) else None


def remove_run_file(home: Path) -> None:
    """Remove it; absent is fine."""
    with contextlib.suppress(FileNotFoundError):
        (home / FILE_NAME).unlink()


def write_private_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write beside, flush to disk, rename: readers see the old or the new whole. Mode 0600 from the first byte."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def read_private_json(path: Path) -> dict[str, Any]:
    """The object in the file; empty when there is no file or no JSON object in it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def is_alive(pid: int) -> bool:
    """Whether a process has this id and is no zombie."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[:1] != ["Z"]
