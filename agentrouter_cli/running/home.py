"""The folder of a run: who holds it, where logs and the agent's state lie, what is remembered for the next run."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from agentrouter_cli.errors import WrongUsage
from agentrouter_cli.run_file import read_private_json, write_private_json

K = TypeVar("K", "Memory", "AgentFile")


@dataclass(frozen=True, slots=True)
class Memory:
    """What one run leaves for the next. Empty or zero: not known yet.

    `document_etag` is that of the document as run last put it; a stored document with another one is the operator's.
    """

    demo_port: int = 0
    document_etag: str = ""
    listener_port: int = 0
    consumer_key: str = field(default="", repr=False)
    consumer_key_jti: str = ""


@dataclass(frozen=True, slots=True)
class AgentFile:
    """What the agent says of itself in `agent.json`; zero or empty where it has nothing to say yet."""

    pid: int = 0
    envoy_pid: int = 0
    dataplane_id: str = ""
    workspace_id: str = ""
    status: str = ""


class Home:
    """One folder. Only its holder may change what is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = folder / "run.lock"
        self._memory = folder / "run-memory.json"

    @property
    def agent_state(self) -> Path:
        """The agent's state folder."""
        return self.folder / "agent"

    @property
    def logs(self) -> Path:
        """Where children write."""
        return self.folder / "logs"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder against other runs. Raises WrongUsage when another one lives."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as problem:
            raise WrongUsage(f"cannot use {self.folder}: {problem.strerror}; choose another --home") from None
        try:
            self._take(handle)
            yield
        finally:
            os.close(handle)

    def memory(self) -> Memory:
        """What the run before left; what cannot be read counts as nothing."""
        content = read_private_json(self._memory)
        return _from_json(Memory, content)

    def remember(self, **what: Any) -> Memory:
        """Change some of it and write it down."""
        memory = replace(self.memory(), **what)
        write_private_json(self._memory, asdict(memory))
        return memory

    def agent_file(self) -> AgentFile:
        """What the agent last said; its pid may be dead."""
        return _from_json(AgentFile, read_private_json(self.agent_state / "agent.json"))

    def enrolled_id(self) -> str:
        """The data plane's id as the agent's identity says it; empty before it is enrolled."""
        return str(read_private_json(self.agent_state / "identity.json").get("dataplane_id", ""))

    def set_agent_state_aside(self) -> Path:
        """Make room for a new identity; returns where the old state lies now."""
        number = 1
        while (aside := self.folder / f"agent.old-{number}").exists():
            number += 1
        self.agent_state.rename(aside)
        return aside

    def _take(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 32, 0).decode("ascii", errors="replace").strip() or "unknown"
            raise WrongUsage(
                f"another `agentrouter run` (pid {holder}) already runs in {self.folder}; stop it first, "
                "or run a second product with another --home and --port-offset"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)


def _from_json(kind: type[K], content: dict[str, Any]) -> K:
    """An instance from the fields whose type is right; the rest keep their defaults."""
    blank = kind()
    known = {
        name: content[name]
        for name, default in asdict(blank).items()
        if isinstance(content.get(name), type(default)) and not isinstance(content.get(name), bool)
    }
    return replace(blank, **known)
