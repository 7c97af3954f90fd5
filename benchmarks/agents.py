"""Data planes without an Envoy: enrolled, their events concluded, their polls built as an agent builds them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.management.v1 import dataplanes_pb2 as dp
from agentrouter.management.v1 import documents_pb2
from benchmarks.plane import Served
from contract.agent_tokens import MAX_AGENT_TOKEN_LIFETIME, make_agent_token

ENVOY_VERSION = "1.40.0/Clean/RELEASE/BoringSSL"


@dataclass(frozen=True, slots=True)
class Identity:
    """An enrolled data plane."""

    dataplane_id: str
    workspace_id: str
    signing_key: Ed25519PrivateKey = field(repr=False)

    def token(self) -> str:
        """Good from now for as long as a token may be, ten minutes."""
        return make_agent_token(
            self.signing_key,
            dataplane_id=self.dataplane_id,
            workspace_id=self.workspace_id,
            now=datetime.now(UTC),
            lifetime=MAX_AGENT_TOKEN_LIFETIME,
        )


@dataclass(frozen=True, slots=True)
class Position:
    """How far a data plane has come, and who it says it is."""

    revision: int = 0
    epoch: str = ""
    event_cursor: int = 0
    boot: ev.Boot = field(default_factory=lambda: ev.Boot(counter=1, nonce="0123456789abcdef"))

    def poll(self, wait: timedelta = timedelta()) -> conf.GetConfigurationRequest:
        """Everything newer, with the report of a healthy agent."""
        report = conf.AgentReport(agent_version="0.1.0", envoy_version=ENVOY_VERSION, received_revision=self.revision)
        request = conf.GetConfigurationRequest(
            since_revision=self.revision,
            epoch=self.epoch,
            boot=self.boot,
            report=report,
            event_cursor=self.event_cursor,
        )
        if wait:
            request.wait.FromTimedelta(wait)
        return request

    def after(self, answer: conf.GetConfigurationResponse) -> Position:
        """Where the answer brings it to."""
        return Position(answer.revision, answer.epoch, answer.event_cursor, self.boot)


def put_workspace_document(plane: Served, content: str) -> None:
    """Store and announce the workspace's document."""
    request = documents_pb2.PutDocumentRequest(workspace_id=plane.home.workspace_id, content=content)
    plane.api.call(plane.api.documents.put_document, request)


def join_token(plane: Served, uses: int) -> str:
    """For that many data planes."""
    request = dp.CreateJoinTokenRequest(workspace_id=plane.home.workspace_id, max_uses=uses)
    token: str = plane.api.call(plane.api.dataplanes.create_join_token, request).join_token
    return token


def enrol(plane: Served, count: int) -> list[Identity]:
    """That many new data planes of the plane's workspace."""
    token = join_token(plane, count)
    return [_enrol_one(plane, token, f"benchmark-{number}") for number in range(count)]


def _enrol_one(plane: Served, token: str, name: str) -> Identity:
    signing_key = Ed25519PrivateKey.generate()
    request = dp.EnrollDataplaneRequest(
        join_token=token,
        signing_public_key=signing_key.public_key().public_bytes_raw(),
        sealing_public_key=X25519PrivateKey.generate().public_key().public_bytes_raw(),
        name=name,
    )
    enrolled = plane.api.call(plane.api.dataplanes.enroll_dataplane, request).dataplane
    return Identity(enrolled.id, enrolled.workspace_id, signing_key)


def catch_up(plane: Served, identity: Identity) -> Position:
    """Take everything there is and conclude every event, so that the next poll finds nothing new."""
    token, position = identity.token(), Position()
    newest: dict[str, conf.Configuration] = {}
    while True:
        answer = plane.api.call(plane.api.configurator.get_configuration, position.poll(), token)
        position = position.after(answer)
        newest |= {configuration.user_id: configuration for configuration in answer.configurations}
        if not answer.more:
            break
    for event in answer.pending_events:
        _conclude(plane, token, event, newest[event.user_id], position.boot)
    return position


def _conclude(plane: Served, token: str, event: ev.Event, newest: conf.Configuration, boot: ev.Boot) -> None:
    api = plane.api
    acknowledged = api.call(
        api.configurator.acknowledge_event, ev.AcknowledgeEventRequest(event_id=event.id, boot=boot), token
    )
    complete = ev.CompleteEventRequest(
        event_id=event.id,
        outcome=ev.EVENT_OUTCOME_APPLIED,
        version=newest.version,
        digest=hashlib.sha256(newest.document).hexdigest(),
        fencing_token=acknowledged.event.fencing_token,
    )
    api.call(api.configurator.complete_event, complete, token)


def unchanged(plane: Served, identity: Identity, position: Position) -> bool:
    """Whether a poll from there brings nothing."""
    answer = plane.api.call(plane.api.configurator.get_configuration, position.poll(), identity.token())
    return not (answer.configurations or answer.values or answer.pending_events or answer.more or answer.resync)
