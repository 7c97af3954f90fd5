"""The control plane with a GetConfiguration that does nothing: what the transport alone costs, both wires included.

Everything else is the product's own: the same seam authenticates, decodes, checks, counts and encodes.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import uvloop

from agentrouter.configurator.v1 import configurations_pb2 as pb
from controlplane.bootstrap import ControlPlane, control_plane
from controlplane.server import serve
from controlplane.settings import Settings, load_settings
from controlplane.transport.calls import Call
from controlplane.transport.http_app import CONFIGURATOR

PATH = f"{CONFIGURATOR}GetConfiguration"


async def answer_nothing(_request: pb.GetConfigurationRequest, _call: Call) -> pb.GetConfigurationResponse:
    """An empty answer."""
    return pb.GetConfigurationResponse()


@contextlib.asynccontextmanager
async def emptied(settings: Settings) -> AsyncIterator[ControlPlane]:
    """The control plane, one handler replaced."""
    async with control_plane(settings) as plane:
        operation = replace(plane.operations[PATH], handler=answer_nothing)
        yield replace(plane, operations={**plane.operations, PATH: operation})


def main() -> None:
    """Takes the options of `python -m controlplane serve` that benchmarks use."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--grpc-address", required=True)
    parser.add_argument("--http-address", required=True)
    settings = load_settings(**vars(parser.parse_args()))
    logging.basicConfig(level=settings.log_level.upper())
    uvloop.run(serve(settings, lambda _grpc, _http: None, emptied))


if __name__ == "__main__":
    main()
