"""An agent that a test may kill: starts a gateway on a state folder with one proxying listener, says so, waits."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from liaison_agent.envoy.descriptors import find_envoy_binary, load_descriptor_pool
from liaison_agent.envoy.options import EnvoyOptions
from liaison_agent.envoy.packing import DescriptorPacker
from liaison_agent.gateway import EnvoyGateway
from liaison_agent.state import ResourceSet
from tests.integration.agent_envoy.envoy_resources import Resources


async def serve(state_folder: Path, port: int, upstream: int) -> None:
    """Serve until somebody ends us."""
    binary = find_envoy_binary()
    pool = load_descriptor_pool(binary, state_folder / "descriptors")
    make = Resources(DescriptorPacker(pool))
    gateway = EnvoyGateway(
        EnvoyOptions(state_folder, "dp-test", binary), pool, clock=time.monotonic, now=lambda: datetime.now(UTC)
    )
    await gateway.start(ResourceSet([make.cluster("up", upstream), make.proxying_listener("front", port, "up")]))
    print("serving", gateway.pid, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
