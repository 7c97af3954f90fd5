"""What belongs to data planes as gateways and is no document: MCP servers, the customer-facing URL, validation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from contract import canonical_bytes, digest
from contract.addresses import AddressError, parse_base_url
from contract.egress import STRICT, EgressPolicy
from controlplane.domain.callers import Caller, DataplaneCaller, Role
from controlplane.domain.errors import FieldFault, InvalidInput, StateConflict
from controlplane.domain.events import EventType
from controlplane.domain.slots import GATEKEEPER_SLOT, MCP_SLOTS, PROXY_URL_SLOT, DesiredSlot
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_dataplane, require_management, unknown
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import Facts, record
from controlplane.services.outcomes import settle_installed
from controlplane.services.ports import Store, UnitOfWork
from controlplane.services.publishing import Cause, Publisher

_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_CREDENTIAL = re.compile(
    r"(?:api[-_]?key|cookie|credentials?|passw(?:or)?d|private[-_]?key|secret|token)$|^authorization$", re.I
)
_CHOICES = 20


@dataclass(frozen=True, slots=True)
class MCPServer:
    """One server of the catalogue. `authentication` is a JSON object, for callers; a credential in it is refused."""

    id: str
    name: str
    url: str
    description: str = ""
    icon_url: str = ""
    categories: tuple[str, ...] = ()
    note: str = ""
    authentication: Mapping[str, Any] = field(default_factory=dict)
    requires_auth: bool = False
    requires_profile: bool = False
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class SetDataplaneURL:
    """`dataplane_id` empty: the only one of the workspace. `allow_insecure` accepts http."""

    workspace_id: str
    url: str
    dataplane_id: str = ""
    allow_insecure: bool = False


@dataclass(frozen=True, slots=True)
class ValidatedDataplane:
    """Who a data plane's token names, and the JWKS that verifies consumer keys."""

    dataplane_id: str
    workspace_id: str
    jwks: bytes


class GatewayValueService:
    """Use cases of values; both that write need the role operator."""

    def __init__(self, store: Store, publisher: Publisher, egress: EgressPolicy = STRICT) -> None:
        self._store = store
        self._publisher = publisher
        self._in_cluster = replace(egress, allow_private=True)  # which is where MCP servers are

    async def upsert_mcp_server(
        self, caller: Caller, workspace_id: str, server: MCPServer, request: RequestKey | None = None
    ) -> int:
        """The revision of the catalogue's entry; the same entry again changes nothing."""
        management = require_management(caller)
        _check_server(server, self._in_cluster)
        async with self._store.unit_of_work() as work:
            workspace = await self._locked(work, management, workspace_id)
            await first_time(work, request)
            slot, value = MCP_SLOTS + server.id, canonical_bytes(asdict(server))
            stored = await work.values.newest(workspace.id, slot)
            if stored is None or stored.tombstone or stored.digest != digest(value):
                stored = await self._publisher.put_value(work, workspace, slot, value, digest(value))
                cause = Cause(EventType.MCP_CATALOG_UPSERT)
                await self._publisher.ring_slot(work, workspace.id, slot, stored.version, cause)
            await record(work, management, "mcp_server.upsert", slot, workspace, {"revision": stored.revision})
            await remember(work, request, stored.revision)
            return stored.revision

    async def set_dataplane_url(
        self, caller: Caller, command: SetDataplaneURL, request: RequestKey | None = None
    ) -> bool:
        """Whether an event was made: not by the first call, which tells what the data plane was installed with and so
        counts as applied, and not when nothing changes."""
        management = require_management(caller)
        _check_url(command)
        async with self._store.unit_of_work() as work:
            workspace = await self._locked(work, management, command.workspace_id)
            await first_time(work, request)
            dataplane_id = await meant_dataplane(work, workspace.id, command.dataplane_id)
            emitted = await self._put_url(work, workspace, dataplane_id, command.url)
            facts: Facts = {"url": command.url, "emitted": emitted}
            await record(work, management, "dataplane_url.set", dataplane_id, workspace, facts)
            await remember(work, request, emitted)
            return emitted

    async def validate_dataplane(self, caller: Caller) -> ValidatedDataplane:
        """For a data plane that was authenticated, which a revoked one is not."""
        dataplane: DataplaneCaller = require_dataplane(caller)
        async with self._store.reading() as work:
            keys = await work.values.newest(dataplane.workspace_id, GATEKEEPER_SLOT)
            return ValidatedDataplane(
                dataplane.dataplane_id, dataplane.workspace_id, keys.value if keys else b'{"keys":[]}'
            )

    async def _put_url(self, work: UnitOfWork, workspace: Workspace, dataplane_id: str, url: str) -> bool:
        value = canonical_bytes({"url": url})
        known = await work.values.newest(workspace.id, PROXY_URL_SLOT, dataplane_id)
        if known is not None and known.digest == digest(value):
            return False
        stored = await self._publisher.put_value(work, workspace, PROXY_URL_SLOT, value, digest(value), dataplane_id)
        if known is None:
            plane = await work.dataplanes.lock(dataplane_id)
            if plane is not None:
                installed = DesiredSlot(stored.slot, stored.version, stored.revision, stored.digest)
                await settle_installed(work, plane, installed, await work.now())
            return False
        cause = Cause(EventType.PROXY_URL)
        await self._publisher.ring_slot(work, workspace.id, PROXY_URL_SLOT, stored.version, cause, dataplane_id)
        return True

    async def _locked(self, work: UnitOfWork, caller: Caller, workspace_id: str) -> Workspace:
        reached = await reach_workspace(work, caller, workspace_id, Role.OPERATOR)
        return await work.workspaces.lock(reached.id) or reached


async def url_of(work: UnitOfWork, workspace_id: str, dataplane_id: str) -> str:
    """The customer-facing URL of a data plane; empty when none was set."""
    value = await work.values.newest(workspace_id, PROXY_URL_SLOT, dataplane_id)
    return str(json.loads(value.value)["url"]) if value and not value.tombstone else ""


async def meant_dataplane(work: UnitOfWork, workspace_id: str, dataplane_id: str) -> str:
    """The named data plane, or the only one of the workspace. Raises NotFound, InvalidInput, StateConflict."""
    if dataplane_id:
        found = await work.dataplanes.get(dataplane_id)
        if found is None or found.workspace_id != workspace_id or found.revoked_at is not None:
            raise unknown("data plane")
        return dataplane_id
    live = await work.dataplanes.live_ids(workspace_id)
    if len(live) > 1:
        choices = ", ".join(live[:_CHOICES])
        raise InvalidInput(
            "this workspace has several data planes: set dataplane_id",
            (FieldFault("dataplane_id", "required", f"name one of: {choices}"),),
        )
    if not live:
        raise StateConflict(
            "no data plane is enrolled in this workspace yet", subject=workspace_id, reason="NO_DATAPLANE"
        )
    return live[0]


def _check_server(server: MCPServer, egress: EgressPolicy) -> None:
    """Every fault at once."""
    faults = []
    if not _ID.fullmatch(server.id):
        faults.append(FieldFault("id", "format", "may hold letters, digits and . _ - but starts and ends with neither"))
    for name, url in (("url", server.url), ("icon_url", server.icon_url)):
        if not url and name != "url":
            continue
        if problem := _url_problem(url):
            faults.append(FieldFault(name, "format", problem))
        elif problem := egress.host_problem(parse_base_url(url).host):
            faults.append(FieldFault(name, "egress", problem))
    for path in _credentials(server.authentication, "authentication"):
        faults.append(FieldFault(path, "secret", "is a credential, and this travels in the clear; say how to get one"))
    if faults:
        text = "; ".join(f"{fault.path} {fault.message}" for fault in faults)
        raise InvalidInput(f"the MCP server cannot be stored: {text}", tuple(faults))


def _credentials(holder: Any, path: str) -> Iterator[str]:
    """Where a text stands under a name that credentials have, however deep."""
    named = holder.items() if isinstance(holder, Mapping) else ((f"{at}", each) for at, each in enumerate(holder))
    for name, value in named:
        at = f"{path}.{name}" if isinstance(holder, Mapping) else f"{path}[{name}]"
        if isinstance(value, Mapping | list):
            yield from _credentials(value, at)
        elif isinstance(value, str) and value and _CREDENTIAL.search(name):
            yield at


def _check_url(command: SetDataplaneURL) -> None:
    problem = _url_problem(command.url)
    if problem is None and not command.allow_insecure and not command.url.lower().startswith("https://"):
        problem = "should start with https://; set allow_insecure to accept http"
    if problem:
        raise InvalidInput(f"url {problem}", (FieldFault("url", "format", problem),))


def _url_problem(url: str) -> str | None:
    try:
        parse_base_url(url)
    except AddressError as error:
        return str(error)
    return None
