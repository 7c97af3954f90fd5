"""The real control plane, a network with weather, and behind it a host with the real agent and its Envoy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.management.v1 import consumer_keys_pb2 as keys
from agentrouter.management.v1 import dataplanes_pb2 as dp
from contract.egress import EgressPolicy
from tests.contract.wires.clients import open_api
from tests.contract.wires.documents import document
from tests.contract.wires.people import Tenant, new_tenant
from tests.contract.wires.running import running
from tests.fakes.network import Network
from tests.fakes.scripted_upstream import ScriptedUpstream
from tests.integration.agent.host import Host

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all of them: grpc.aio wants no more than one in a process."""
    for item in items:
        if HERE in item.path.parents and isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@dataclass(frozen=True, slots=True)
class Site:
    """A tenant whose one data plane is reached over `network` and listens on `port`."""

    tenant: Tenant
    network: Network
    host: Host
    port: int
    provider_url: str
    consumer_key: str

    async def put(self, alias: str) -> int:
        """Another name for the one model; the version that it makes."""
        listener = {"name": "http", "address": "127.0.0.1", "port": self.port}
        content = document(alias=alias, base_url=self.provider_url, listeners=[listener])
        return int((await self.tenant.put(content)).configuration.version)

    async def chat(self, alias: str) -> int:
        """The status of one chat completion."""
        return (await self.host.chat(self.port, alias, key=self.consumer_key))[0]

    async def dataplane(self) -> Any:
        """The one there is."""
        [found] = (await self.tenant.call(dp.ListDataplanesRequest(workspace_id=self.tenant.id))).dataplanes
        return found

    async def health(self) -> str:
        """OFFLINE, or whether it runs what it should."""
        await self.tenant.upkeep()
        found = await self.dataplane()
        if found.connection == dp.DATAPLANE_CONNECTION_OFFLINE:
            return "OFFLINE"
        return dp.DataplaneSync.Name(found.sync).removeprefix("DATAPLANE_SYNC_")

    async def until_synced(self, alias: str) -> None:
        """Until the change is proven and served; the test's timeout ends it."""
        while await self.health() != "SYNCED" or await self.chat(alias) != 200:  # noqa: ASYNC110 - asked for
            await asyncio.sleep(0.1)

    async def history(self, slot: str) -> list[ev.Event]:
        """Every event of a slot, oldest first."""
        request = ev.ListPendingEventsRequest(workspace_id=self.tenant.id, include_finished=True, slot=slot)
        found = (await self.tenant.call(request)).events
        return sorted(found, key=lambda each: each.configuration_version)

    async def applied_version(self) -> int:
        """Of the workspace's document, as the control plane knows it."""
        listed = await self.tenant.call(conf.ListConfigurationsRequest(workspace_id=self.tenant.id))
        [standing] = next(each for each in listed.configurations if not each.user_id).dataplanes
        return int(standing.applied_version)


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path, free_port: int) -> AsyncIterator[Site]:
    """Enrolled, synced and serving the model `first`, in fair weather."""
    provider = ScriptedUpstream()
    await provider.start()
    home = tmp_path / "control-plane"
    home.mkdir()
    url = f"sqlite:///{home / 'agentrouter.db'}"
    connector = aiohttp.TCPConnector(force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        running(url, home, EgressPolicy(allow_loopback=True)) as plane,
    ):
        api = open_api("json", plane.grpc, plane.url)
        tenant = await new_tenant(api, plane)
        network = Network("127.0.0.1", int(plane.url.rpartition(":")[2]))
        host = Host(tmp_path / "state", client)
        issued = await tenant.call(keys.IssueConsumerKeyRequest(workspace_id=tenant.id, consumer_id="ann"))
        site = Site(tenant, network, host, free_port, f"http://127.0.0.1:{provider.port}/v1", issued.secret)
        try:
            await site.put("first")
            join_token = await tenant.join_token()
            await host.start(f"http://127.0.0.1:{await network.start()}", join_token=join_token)
            await host.until_serving()
            await site.until_synced("first")
            yield site
        finally:
            await host.clear()
            await network.stop()
            await api.close()
            await provider.stop()
