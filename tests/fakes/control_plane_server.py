"""The simulated control plane behind both real wires, on one loop: gRPC, and Connect under uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
import uvicorn
from connectrpc.code import Code
from connectrpc.errors import ConnectError, ErrorDetail
from google.protobuf.any_pb2 import Any as PackedAny
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.rpc import error_details_pb2, status_pb2
from protobuf.wkt.google.protobuf.any_pb import Any as WireAny

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import configurator_service_pb2_grpc as configurator_grpc
from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.configurator.v1.configurator_service_connect import (
    ConfiguratorService,
    ConfiguratorServiceASGIApplication,
)
from agentrouter.management.v1 import dataplanes_pb2 as dp
from agentrouter.management.v1 import dataplanes_pb2_grpc as dataplanes_grpc
from agentrouter.management.v1.dataplanes_connect import DataplaneService, DataplaneServiceASGIApplication
from liaison_agent.memory import Completion, Proof, Received, Value
from liaison_agent.ports import Answer, Boot, ControlPlaneRefused, ControlPlaneUnreachable, Enrolment, Poll, Report
from liaison_agent.state import Configuration
from tests.fakes.control_plane import ControlPlaneSimulator


class Refusal(Exception):
    """An error to answer with, with google.rpc details."""

    def __init__(self, code: str, text: str, *details: Message) -> None:
        super().__init__(text)
        self.code, self.text, self.details = code, text, details

    @classmethod
    def because(cls, code: str, reason: str, text: str, metadata: Mapping[str, str] | None = None) -> Refusal:
        """With an ErrorInfo."""
        return cls(code, text, error_details_pb2.ErrorInfo(reason=reason, domain="agentrouter", metadata=metadata))


@dataclass
class Served:
    """The handlers' side: what they answer from, what they were sent, what they refuse next."""

    simulator: ControlPlaneSimulator
    refusals: list[Refusal] = field(default_factory=list)
    requests: list[Any] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    connect_url: str = ""
    grpc_url: str = ""

    async def answer(self, request: Any, authorization: str | None) -> Message:
        """Any of the agent's calls."""
        self.requests.append(request)
        self.tokens.append((authorization or "").removeprefix("Bearer "))
        if self.refusals:
            raise self.refusals.pop(0)
        try:
            return await self._handle(request)
        except ControlPlaneRefused as error:
            raise Refusal.because(error.code, error.reason, str(error)) from None
        except ControlPlaneUnreachable as error:
            raise Refusal("UNAVAILABLE", str(error)) from None

    async def _handle(self, request: Any) -> Message:
        if isinstance(request, conf.GetConfigurationRequest):
            return _response(await self.simulator.poll(_poll(request)))
        if isinstance(request, ev.AcknowledgeEventRequest):
            boot = Boot(request.boot.counter, request.boot.nonce)
            held = await self.simulator.acknowledge(request.event_id, boot)
            event = ev.Event(
                id=held.id, slot=held.slot, configuration_version=held.version, fencing_token=held.fencing_token
            )
            return ev.AcknowledgeEventResponse(event=event)
        if isinstance(request, ev.CompleteEventRequest):
            await self.simulator.complete(_completion(self.simulator, request))
            return ev.CompleteEventResponse()
        enrolled = await self.simulator.enroll(
            Enrolment(
                request.join_token,
                request.signing_public_key,
                request.sealing_public_key,
                request.name,
                request.agent_version,
            )
        )
        dataplane = dp.Dataplane(id=enrolled.dataplane_id, workspace_id=enrolled.workspace_id)
        return dp.EnrollDataplaneResponse(dataplane=dataplane, token_audience=enrolled.token_audience)


@contextlib.asynccontextmanager
async def serving(simulator: ControlPlaneSimulator) -> AsyncIterator[Served]:
    """Both wires, on ports the system chooses, for as long as the block lasts."""
    served = Served(simulator)
    server = grpc.aio.server()
    configurator_grpc.add_ConfiguratorServiceServicer_to_server(_GrpcConfigurator(served), server)
    dataplanes_grpc.add_DataplaneServiceServicer_to_server(_GrpcDataplanes(served), server)
    served.grpc_url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    served.connect_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    http = uvicorn.Server(uvicorn.Config(_app(served), log_level="critical", lifespan="off", timeout_keep_alive=3600))
    http.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    running = asyncio.create_task(http.serve(sockets=[listening]))
    try:
        while not http.started:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.005)
        yield served
    finally:
        http.should_exit = http.force_exit = True
        await running
        listening.close()
        await server.stop(None)


def _app(served: Served) -> Any:
    configurator = ConfiguratorServiceASGIApplication(_ConnectConfigurator(served), compressions=[])
    dataplanes = DataplaneServiceASGIApplication(_ConnectDataplanes(served), compressions=[])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        chosen = dataplanes if scope["path"].startswith(dataplanes.path) else configurator
        await chosen(scope, receive, send)

    return app


class _ConnectConfigurator(ConfiguratorService):
    def __init__(self, served: Served) -> None:
        self._served = served

    async def get_configuration(self, request: Any, ctx: Any, /) -> Any:
        return await _over_connect(self._served, request, ctx)

    async def acknowledge_event(self, request: Any, ctx: Any, /) -> Any:
        return await _over_connect(self._served, request, ctx)

    async def complete_event(self, request: Any, ctx: Any, /) -> Any:
        return await _over_connect(self._served, request, ctx)


class _ConnectDataplanes(DataplaneService):
    def __init__(self, served: Served) -> None:
        self._served = served

    async def enroll_dataplane(self, request: Any, ctx: Any, /) -> Any:
        return await _over_connect(self._served, request, ctx)


class _GrpcConfigurator(configurator_grpc.ConfiguratorServiceServicer):
    def __init__(self, served: Served) -> None:
        self._served = served

    async def GetConfiguration(self, request: Any, context: Any) -> Any:
        return await _over_grpc(self._served, request, context)

    async def AcknowledgeEvent(self, request: Any, context: Any) -> Any:
        return await _over_grpc(self._served, request, context)

    async def CompleteEvent(self, request: Any, context: Any) -> Any:
        return await _over_grpc(self._served, request, context)


class _GrpcDataplanes(dataplanes_grpc.DataplaneServiceServicer):
    def __init__(self, served: Served) -> None:
        self._served = served

    async def EnrollDataplane(self, request: Any, context: Any) -> Any:
        return await _over_grpc(self._served, request, context)


async def _over_connect(served: Served, request: Any, ctx: Any) -> Message:
    try:
        return await served.answer(request, ctx.request_headers.get("authorization"))
    except Refusal as error:
        wire = [
            ErrorDetail(WireAny(type_url=f"type.googleapis.com/{one.DESCRIPTOR.full_name}", value=_packed(one)))
            for one in error.details
        ]
        raise ConnectError(Code[error.code], error.text, details=wire) from None


async def _over_grpc(served: Served, request: Any, context: Any) -> Message:
    try:
        return await served.answer(request, dict(context.invocation_metadata()).get("authorization"))
    except Refusal as error:
        code = grpc.StatusCode[error.code]
        status = status_pb2.Status(code=code.value[0], message=error.text)
        for one in error.details:
            packed = PackedAny()
            packed.Pack(one)
            status.details.append(packed)
        metadata = (("grpc-status-details-bin", status.SerializeToString()),)
        await context.abort(code, error.text, trailing_metadata=metadata)
        raise


def _packed(message: Message) -> bytes:
    return message.SerializeToString()


def _poll(request: conf.GetConfigurationRequest) -> Poll:
    report = request.report
    return Poll(
        request.since_revision,
        request.epoch,
        request.event_cursor,
        request.wait.ToTimedelta(),
        Boot(request.boot.counter, request.boot.nonce),
        Report(report.agent_version, report.envoy_version, report.received_revision, warnings=tuple(report.warnings)),
    )


def _completion(simulator: ControlPlaneSimulator, request: ev.CompleteEventRequest) -> Completion:
    proof = None
    if request.outcome == ev.EVENT_OUTCOME_APPLIED:
        pairs = tuple((one.name, one.digest) for one in request.proof.resources)
        proof = Proof(request.proof.envoy_version, pairs, request.proof.applied_at.ToDatetime())
    event = simulator.events.get(request.event_id)
    return Completion(
        request.event_id,
        event.slot if event else "",
        request.fencing_token,
        request.version,
        request.digest,
        request.error,
        request.retryable,
        proof,
    )


def _response(answer: Answer) -> conf.GetConfigurationResponse:
    response = conf.GetConfigurationResponse(
        secrets=[
            conf.SealedSecret(
                ref=one.ref, origin=one.origin, delivery_key_id=one.delivery_key_id, ciphertext=one.ciphertext
            )
            for one in answer.secrets
        ],
        delivery_keys=[conf.DeliveryKey(id=one.id, sealed=one.sealed) for one in answer.delivery_keys],
        revision=answer.revision,
        epoch=answer.epoch,
        more=answer.more,
        resync=answer.resync,
        event_cursor=answer.event_cursor,
    )
    response.next_poll_after.FromTimedelta(answer.next_poll_after)
    for received in answer.received:
        _add(response, received)
    for jti, expires_at in answer.revocations:
        response.revocations.add(jti=jti, revision=answer.revoked_to).expires_at.FromDatetime(expires_at)
    for event in answer.events:
        payload = Struct()
        payload.update({"full": True} if event.full else {})
        response.pending_events.add(id=event.id, slot=event.slot, configuration_version=event.version, payload=payload)
    return response


def _add(response: conf.GetConfigurationResponse, received: Received) -> None:
    common: dict[str, Any] = {
        "version": received.version,
        "revision": received.revision,
        "digest": received.digest,
    }
    if isinstance(received, Configuration):
        state = conf.CONFIGURATION_STATE_ACTIVE
        scope = {"workspace_id": received.workspace_id, "user_id": received.user_id}
        response.configurations.add(document=received.document, state=state, **scope, **common)
    elif isinstance(received, Value):
        response.values.add(slot=received.slot, value=received.value, **common)
    elif received.slot.startswith("config/"):
        user_id = received.slot.removeprefix("config/")
        response.configurations.add(user_id=user_id, state=conf.CONFIGURATION_STATE_REMOVED, **common)
    else:
        response.values.add(slot=received.slot, tombstone=True, **common)
