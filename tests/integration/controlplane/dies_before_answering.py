"""The control plane, but its power fails when TriggerUpdate is committed and not yet answered."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import uvloop

from controlplane.bootstrap import ControlPlane, control_plane
from controlplane.server import serve
from controlplane.settings import Settings, load_settings

PATH = "/agentrouter.configurator.v1.ConfiguratorService/TriggerUpdate"


@contextlib.asynccontextmanager
async def doomed(settings: Settings) -> AsyncIterator[ControlPlane]:
    """The control plane, one handler replaced."""
    async with control_plane(settings) as plane:
        operation = plane.operations[PATH]
        handler = operation.handler
        assert handler is not None

        async def carry_out_and_die(request: Any, call: Any) -> Any:
            await handler(request, call)
            os.kill(os.getpid(), signal.SIGKILL)

        yield replace(plane, operations={**plane.operations, PATH: replace(operation, handler=carry_out_and_die)})


def ready(grpc_address: str, http_address: str) -> None:
    """As the real one says it."""
    logging.info("ready: gRPC on %s, HTTP on http://%s", grpc_address, http_address)


if __name__ == "__main__":
    logging.basicConfig(level="INFO", stream=sys.stderr)
    uvloop.run(serve(load_settings(), ready, doomed))
