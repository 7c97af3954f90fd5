"""`agent.json` in the state folder: which processes this data plane is, for whoever starts and watches them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from liaison_agent.private_files import write_private_file

STATUS_FILE = "agent.json"

_log = logging.getLogger(__name__)


class StatusFile:
    """Kept true at every change. `status`: enrolling, waiting, serving, stopping, stopped, revoked."""

    def __init__(self, folder: Path, pid: int) -> None:
        self._path = folder / STATUS_FILE
        self._fields: dict[str, object] = {
            "pid": pid,
            "envoy_pid": None,
            "dataplane_id": "",
            "workspace_id": "",
            "status": "enrolling",
        }

    def set_identity(self, dataplane_id: str, workspace_id: str) -> None:
        """From now on it is this data plane."""
        self._change(dataplane_id=dataplane_id, workspace_id=workspace_id)

    def set_envoy_pid(self, pid: int | None) -> None:
        """Envoy was started, adopted, or ended (None)."""
        self._change(envoy_pid=pid)

    def set_status(self, status: str) -> None:
        """What the agent is about."""
        self._change(status=status)

    def _change(self, **fields: object) -> None:
        self._fields |= fields
        try:
            write_private_file(self._path, json.dumps(self._fields).encode())
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._path, error.strerror)
