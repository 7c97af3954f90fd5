"""A real control plane to measure: its home made in-process, then served by its own command and used by its API."""

from __future__ import annotations

import contextlib
import http.client
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentrouter.configurator.v1.configurator_service_connect import ConfiguratorServiceClientSync
from agentrouter.management.v1.consumer_keys_connect import ConsumerKeyServiceClientSync
from agentrouter.management.v1.consumer_keys_pb2 import IssueConsumerKeyRequest
from agentrouter.management.v1.dataplanes_connect import DataplaneServiceClientSync
from agentrouter.management.v1.documents_connect import DocumentServiceClientSync
from benchmarks.processes import Running, free_ports, python_module, running, wait_for_port
from controlplane.bootstrap import control_plane
from controlplane.domain.callers import ManagementCaller, Role
from controlplane.services.management_keys import CreateManagementKey
from controlplane.settings import load_settings
from controlplane.transport.calls import Call
from controlplane.transport.operations import Operation

SERVE = ("controlplane", "serve")
CALL_WITHIN_MS = 60_000


@dataclass(frozen=True, slots=True)
class Home:
    """A folder with a migrated database, a workspace and an admin key."""

    folder: Path
    workspace_id: str
    management_key: str = field(repr=False)


class Api:
    """The public API under the home's admin key, over Connect."""

    def __init__(self, url: str, key: str) -> None:
        options: dict[str, Any] = {"send_compression": None, "accept_compression": []}
        self._headers = {"authorization": f"Bearer {key}"}
        self.configurator = ConfiguratorServiceClientSync(url, **options)
        self.documents = DocumentServiceClientSync(url, **options)
        self.dataplanes = DataplaneServiceClientSync(url, **options)
        self.consumer_keys = ConsumerKeyServiceClientSync(url, **options)

    def call(self, method: Any, request: Any, bearer: str = "") -> Any:
        """One call, under another bearer if one is given. Raises ConnectError."""
        headers = {"authorization": f"Bearer {bearer}"} if bearer else self._headers
        return method(request, headers=headers, timeout_ms=CALL_WITHIN_MS)


@dataclass(frozen=True, slots=True)
class Served:
    """A control plane that answers."""

    home: Home
    server: Running
    grpc_port: int
    http_port: int
    api: Api

    def refused(self) -> dict[str, int]:
        """Calls that did not end well so far, by RPC and code, as the control plane counted them."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=10)
        connection.request("GET", "/metrics")
        page = connection.getresponse().read().decode()
        connection.close()
        return refused_calls(page)


def refused_calls(page: str) -> dict[str, int]:
    """Counts of every bad end on a metrics page, by `<RPC> <code>`; CANCELLED is a load generator that hung up."""
    found = re.findall(r'^agentrouter_calls_total\{code="(\w+)",method="([^"]+)",wire="\w+"\} ([\d.e+]+)', page, re.M)
    counts: dict[str, int] = {}
    for code, method, count in found:
        if code not in ("OK", "CANCELLED"):
            counts[f"{method} {code}"] = counts.get(f"{method} {code}", 0) + int(float(count))
    return counts


async def make_home(folder: Path, users: int) -> Home:
    """A home whose workspace has that many consumers."""
    async with control_plane(load_settings(home=folder)) as plane:
        workspace = await plane.workspaces.ensure_default("default", "default")
        command = CreateManagementKey("benchmark", Role.ADMIN)
        created = await plane.management_keys.bootstrap(workspace.tenant_id, command)
        if created.secret is None:
            raise RuntimeError("a key that was made just now comes with its secret")
        call = Call(ManagementCaller(created.key.id, workspace.tenant_id, Role.ADMIN), "benchmark")
        await _add_users(plane.operations, workspace.id, users, call)
    return Home(folder, workspace.id, created.secret.plaintext)


async def _add_users(operations: Mapping[str, Operation], workspace_id: str, users: int, call: Call) -> None:
    """By IssueConsumerKey, whose first key of a consumer makes its document; called in-process, which is quicker."""
    issue = operations["/agentrouter.management.v1.ConsumerKeyService/IssueConsumerKey"].handler
    if issue is None:
        raise RuntimeError("this release issues no consumer keys")
    for number in range(users):
        await issue(IssueConsumerKeyRequest(workspace_id=workspace_id, consumer_id=f"user-{number:05}"), call)


@contextlib.contextmanager
def served(
    home: Home, core: int, command: Sequence[str] = SERVE, ports: tuple[int, int] | None = None
) -> Iterator[Served]:
    """The home's control plane on that core; `command` is a module and its first arguments. `ports`, gRPC's and
    HTTP's, are any that are free unless given."""
    grpc_port, http_port = ports or free_ports(2)
    addresses = [f"--grpc-address=127.0.0.1:{grpc_port}", f"--http-address=127.0.0.1:{http_port}"]
    line = python_module(*command, f"--home={home.folder}", *addresses)
    environment = {"AGENTROUTER_ALLOW_LOOPBACK_UPSTREAMS": "true", "AGENTROUTER_LOG_LEVEL": "warning"}
    log = home.folder / f"{command[0]}.log"
    with running(line, core=core, log=log, environment=environment) as server:
        wait_for_port(http_port, server)
        api = Api(f"http://127.0.0.1:{http_port}", home.management_key)
        yield Served(home, server, grpc_port, http_port, api)
