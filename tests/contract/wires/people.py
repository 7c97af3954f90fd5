"""Who calls in these tests: a tenant with its keys, and agents with their own, each test's its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from contract.agent_tokens import make_agent_token
from controlplane.domain.callers import Role
from controlplane.services.management_keys import CreateManagementKey
from tests.contract.wires.clients import Api
from tests.contract.wires.documents import document
from tests.contract.wires.running import Running

numbers = itertools.count(1)
OF_EVENTS = ("renew leases", "lapse leases", "requeue due events")  # the upkeep that events wait for


@dataclass(slots=True)
class Agent:
    """An enrolled data plane as its control plane sees it. `boot` is its present life."""

    api: Api
    id: str
    workspace_id: str
    now: Callable[[], datetime]
    signing: Ed25519PrivateKey = field(repr=False)
    sealing: X25519PrivateKey = field(repr=False)
    digests: dict[tuple[str, int], str] = field(default_factory=dict)
    boot: events.Boot = field(default_factory=lambda: events.Boot(counter=1, nonce="nonce-of-boot-1"))

    @property
    def token(self) -> str:
        """A fresh one."""
        return make_agent_token(self.signing, dataplane_id=self.id, workspace_id=self.workspace_id, now=self.now())

    def restart(self) -> None:
        """Its next life."""
        counter = self.boot.counter + 1
        self.boot = events.Boot(counter=counter, nonce=f"nonce-of-boot-{counter}")

    async def poll(self, since: int = 0, *, cursor: int = 0, wait: float = 0, **fields: Any) -> Any:
        """GetConfiguration with boot and report, as an agent calls it."""
        request = configurations.GetConfigurationRequest(
            since_revision=since,
            event_cursor=cursor,
            boot=self.boot,
            **{"report": configurations.AgentReport(agent_version="1.2.3"), **fields},
        )
        request.wait.FromTimedelta(timedelta(seconds=wait))
        news = await self.api(request, self.token)
        self.digests.update(((each.user_id, each.version), each.digest) for each in news.configurations)
        return news

    async def pending(self) -> list[Any]:
        """What its next poll brings when it forgot every cursor."""
        return list((await self.poll()).pending_events)

    async def acknowledge(self, event_id: str) -> Any:
        """The event as it is then."""
        request = events.AcknowledgeEventRequest(event_id=event_id, boot=self.boot)
        return (await self.api(request, self.token)).event

    async def complete(self, event: Any, version: int | None = None, **fields: Any) -> Any:
        """Applied, in the digest it was polled with, unless told otherwise; the event as it is then."""
        version = event.configuration_version if version is None else version
        request = events.CompleteEventRequest(
            event_id=event.id,
            version=version,
            fencing_token=event.fencing_token,
            **{
                "outcome": events.EVENT_OUTCOME_APPLIED,
                "digest": self.digests.get((event.user_id, version), ""),
                **fields,
            },
        )
        return (await self.api(request, self.token)).event

    async def fail(self, event: Any, *, retryable: bool, error: str = "Envoy said no") -> Any:
        """The event as it is then."""
        return await self.complete(event, outcome=events.EVENT_OUTCOME_FAILED, retryable=retryable, error=error)

    async def settle(self) -> None:
        """Acknowledge and complete everything that is pending."""
        for event in await self.pending():
            await self.complete(await self.acknowledge(event.id))


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant with one workspace (`id`) and an admin key that sees all of it."""

    api: Api
    running: Running = field(repr=False)
    tenant_id: str
    id: str
    admin: str = field(repr=False)

    async def call(self, request: Any) -> Any:
        """As admin."""
        return await self.api(request, self.admin)

    async def key(self, role: management_keys.Role, *workspace_ids: str) -> str:
        """A new management key's secret."""
        request = management_keys.CreateManagementKeyRequest(name="more", role=role, workspace_ids=workspace_ids)
        return str((await self.call(request)).secret)

    async def another_workspace(self) -> str:
        """Its id."""
        made = await self.call(workspaces.CreateWorkspaceRequest(name=f"more-{next(numbers)}"))
        return str(made.workspace.id)

    async def put(self, content: str | None = None, user_id: str = "", **fields: Any) -> Any:
        """PutDocument, by default of a valid workspace document."""
        request = documents.PutDocumentRequest(
            workspace_id=self.id, user_id=user_id, content=content or document(), **fields
        )
        return await self.call(request)

    async def trigger(self, **fields: Any) -> Any:
        """TriggerUpdate."""
        return await self.call(configurations.TriggerUpdateRequest(workspace_id=self.id, **fields))

    async def join_token(self, max_uses: int = 1) -> str:
        """A new one."""
        request = dataplanes.CreateJoinTokenRequest(workspace_id=self.id, max_uses=max_uses)
        return str((await self.call(request)).join_token)

    async def enrol(self) -> Agent:
        """A new data plane."""
        signing, sealing = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        request = enrolment(await self.join_token(), signing, sealing)
        made = (await self.api(request)).dataplane
        await self.noticed()
        return Agent(self.api, made.id, made.workspace_id, self.running.clock.now, signing, sealing)

    async def settled_agent(self) -> Agent:
        """A new data plane that has nothing left to do."""
        agent = await self.enrol()
        await agent.settle()
        return agent

    async def events_of(self, agent: Agent) -> list[Any]:
        """All of them, newest first."""
        request = events.ListPendingEventsRequest(
            workspace_id=self.id, dataplane_id=agent.id, include_finished=True, page_size=1000
        )
        return list((await self.call(request)).events)

    async def dataplane(self, agent: Agent) -> Any:
        """As GetDataplane shows it."""
        return (await self.call(dataplanes.GetDataplaneRequest(dataplane_id=agent.id))).dataplane

    async def noticed(self) -> None:
        """Return once this replica has followed every notice so far."""
        await self.running.noticed()

    async def upkeep(self, *only: str) -> None:
        """What the control plane does every second or so, now; all of it, or what is named."""
        await self.running.plane.upkeep.run_all(*only)


def enrolment(join_token: str, signing: Ed25519PrivateKey, sealing: X25519PrivateKey) -> Any:
    """An EnrollDataplane request."""
    return dataplanes.EnrollDataplaneRequest(
        join_token=join_token,
        signing_public_key=signing.public_key().public_bytes_raw(),
        sealing_public_key=sealing.public_key().public_bytes_raw(),
        name="rack-7",
        agent_version="1.2.3",
    )


async def new_tenant(api: Api, running: Running) -> Tenant:
    """Made the way `bootstrap` makes the first one."""
    plane = running.plane
    workspace = await plane.workspaces.ensure_default(f"tenant-{next(numbers)}", "default")
    created = await plane.management_keys.bootstrap(workspace.tenant_id, CreateManagementKey("first", Role.ADMIN))
    assert created.secret is not None
    return Tenant(api, running, workspace.tenant_id, workspace.id, created.secret.plaintext)
