"""How this data plane's Envoy runs, and where its files lie."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

_LONGEST_SOCKET_PATH = 100
"""Linux takes 107 bytes for a Unix socket's path; Envoy and gRPC add nothing."""


@dataclass(frozen=True, slots=True)
class EnvoyOptions:
    """`node_id` is the data plane's id. `concurrency` is Envoy's number of worker threads. `listener_drain` is how long
    connections may live on after their listener was replaced; it covers the longest stream. `answers_within` bounds how
    long an Envoy may be silent before it counts as hung."""

    state_folder: Path
    node_id: str
    binary: Path
    concurrency: int = 1
    max_connections: int = 20_000
    listener_drain: timedelta = timedelta(seconds=330)
    answers_within: timedelta = timedelta(seconds=15)

    @property
    def base_id(self) -> int:
        """Envoy's number for its shared memory and sockets: follows the state folder, so two data planes differ."""
        digest = hashlib.sha256(str(self.state_folder.resolve()).encode()).digest()
        return 1 + int.from_bytes(digest[:4], "big") % 400_000_000

    @property
    def folder(self) -> Path:
        """Where Envoy's files lie."""
        return self.state_folder / "envoy"

    @property
    def bootstrap_file(self) -> Path:
        """The bootstrap that Envoy was started with."""
        return self.folder / "bootstrap.json"

    @property
    def pid_file(self) -> Path:
        """Which process serves: JSON with pid and start time."""
        return self.folder / "envoy.pid"

    @property
    def lock_file(self) -> Path:
        """Held by the one agent that may supervise this Envoy."""
        return self.folder / "agent.lock"

    @property
    def log_file(self) -> Path:
        """Envoy's own log."""
        return self.folder / "envoy.log"

    @property
    def access_log_file(self) -> Path:
        """One line a request."""
        return self.folder / "access.log"

    @property
    def socket_folder(self) -> Path:
        """Where the sockets lie: beside the other files, or under the system's temporary folder when that is too deep
        for a Unix socket; always the same for the same state folder, so a new agent finds its Envoy."""
        if len(os.fsencode(self.folder.resolve() / "admin.sock")) <= _LONGEST_SOCKET_PATH:
            return self.folder.resolve()
        return Path(tempfile.gettempdir()) / f"agentrouter-{os.getuid()}-{self.base_id}"

    @property
    def admin_socket(self) -> Path:
        """Envoy's admin interface, 0600."""
        return self.socket_folder / "admin.sock"

    @property
    def shared_memory(self) -> Path:
        """What Envoy shares with its successor in a hot restart, and leaves behind."""
        return Path(f"/dev/shm/envoy_shared_memory_{self.base_id * 10}")  # noqa: S108 - the kernel's place for it

    @property
    def ads_socket(self) -> Path:
        """Where the agent serves xDS."""
        return self.socket_folder / "ads.sock"
