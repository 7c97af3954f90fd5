"""The control plane, but its power fails with the commit of a TriggerUpdate: nothing comes after it, and no answer."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import uvloop

from controlplane.bootstrap import ControlPlane, control_plane
from controlplane.server import serve
from controlplane.settings import Settings, load_settings
from controlplane.store.transaction import Transaction

PATH = "/agentrouter.configurator.v1.ConfiguratorService/TriggerUpdate"
LAST_CALL: ContextVar[bool] = ContextVar("LAST_CALL", default=False)
commit = Transaction.commit


async def commit_and_die(transaction: Transaction, told: list[Any]) -> None:
    """The first commit of the last call is the last of all."""
    await commit(transaction, told)
    if LAST_CALL.get():
        os.kill(os.getpid(), signal.SIGKILL)


@contextlib.asynccontextmanager
async def doomed(settings: Settings) -> AsyncIterator[ControlPlane]:
    """The control plane, one handler replaced."""
    async with control_plane(settings) as plane:
        operation = plane.operations[PATH]
        handler = operation.handler
        assert handler is not None

        async def carry_out(request: Any, call: Any) -> Any:
            LAST_CALL.set(True)
            return await handler(request, call)

        yield replace(plane, operations={**plane.operations, PATH: replace(operation, handler=carry_out)})


def ready(grpc_address: str, http_address: str) -> None:
    """As the real one says it."""
    logging.info("ready: gRPC on %s, HTTP on http://%s", grpc_address, http_address)


if __name__ == "__main__":
    logging.basicConfig(level="INFO", stream=sys.stderr)
    Transaction.commit = commit_and_die  # type: ignore[assignment,method-assign]
    uvloop.run(serve(load_settings(), ready, doomed))
