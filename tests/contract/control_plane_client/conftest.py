"""One client of the control plane, over each wire, against real servers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from liaison_agent.control.connect_wire import ConnectWire
from liaison_agent.control.credential import Credential
from liaison_agent.control.grpc_wire import GrpcWire
from liaison_agent.control.identity import Identity, KeyPairs
from liaison_agent.control.remote import RemoteControlPlane
from liaison_agent.control.wires import Wire
from tests.fakes.clocks import FakeClock
from tests.fakes.control_plane import DATAPLANE, WORKSPACE, ControlPlaneSimulator
from tests.fakes.control_plane_server import Served, serving


@pytest.fixture
def keys() -> KeyPairs:
    return KeyPairs.generate()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def served(clock: FakeClock, keys: KeyPairs) -> AsyncIterator[Served]:
    public = X25519PrivateKey.from_private_bytes(keys.sealing).public_key().public_bytes_raw()
    async with serving(ControlPlaneSimulator(clock, public)) as served:
        yield served


@pytest.fixture(params=["connect", "grpc"])
async def wire(request: pytest.FixtureRequest, served: Served) -> AsyncIterator[Wire]:
    wire: Wire = ConnectWire(served.connect_url) if request.param == "connect" else GrpcWire(served.grpc_url)
    yield wire
    await wire.close()


@pytest.fixture
def client(wire: Wire, keys: KeyPairs, clock: FakeClock) -> RemoteControlPlane:
    identity = Identity(DATAPLANE, WORKSPACE, "agentrouter", keys)
    return RemoteControlPlane(wire, Credential(identity, clock))
