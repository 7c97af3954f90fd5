"""The control plane as a port, over either wire: messages translated, tokens presented, clocks set right."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from google.protobuf.message import Message

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.management.v1 import dataplanes_pb2 as dp
from liaison_agent.control import messages
from liaison_agent.control.credential import Credential
from liaison_agent.control.wires import Procedure, Wire, WireFailure, error_of, server_time_of
from liaison_agent.memory import Completion, HeldEvent
from liaison_agent.ports import Answer, Boot, ControlPlaneUnreachable, Enrolled, Enrolment, Poll

ANSWERS_WITHIN = timedelta(seconds=15)

_Response = TypeVar("_Response", bound=Message)


class RemoteControlPlane:
    """Implements `ControlPlane`. Without a credential only `enroll` works."""

    def __init__(self, wire: Wire, credential: Credential | None) -> None:
        self._wire = wire
        self._credential = credential

    async def enroll(self, enrolment: Enrolment) -> Enrolled:
        """See `ControlPlane`."""
        request = messages.enroll_request(enrolment)
        response = await self._call(Procedure.ENROLL_DATAPLANE, request, dp.EnrollDataplaneResponse)
        return messages.enrolled_of(response)

    async def poll(self, poll: Poll) -> Answer:
        """See `ControlPlane`."""
        request = messages.poll_request(poll)
        within = poll.wait + ANSWERS_WITHIN
        response = await self._call(Procedure.GET_CONFIGURATION, request, conf.GetConfigurationResponse, within=within)
        try:
            return messages.answer_of(response)
        except ValueError as error:
            raise ControlPlaneUnreachable(f"the answer is broken: {error}") from None

    async def acknowledge(self, event_id: str, boot: Boot) -> HeldEvent:
        """See `ControlPlane`."""
        request = messages.acknowledge_request(event_id, boot)
        return messages.held_of(await self._call(Procedure.ACKNOWLEDGE_EVENT, request, ev.AcknowledgeEventResponse))

    async def complete(self, completion: Completion) -> None:
        """See `ControlPlane`."""
        request = messages.complete_request(completion)
        await self._call(Procedure.COMPLETE_EVENT, request, ev.CompleteEventResponse)

    async def close(self) -> None:
        """See `ControlPlane`."""
        await self._wire.close()

    async def _call(
        self, procedure: Procedure, request: Message, expected: type[_Response], *, within: timedelta = ANSWERS_WITHIN
    ) -> _Response:
        """One call, and a second one when the first was refused for our clock's sake."""
        try:
            try:
                response = await self._wire.call(procedure, request, token=self._token(), within=within)
            except WireFailure as failure:
                server_time = server_time_of(failure)
                if self._credential is None or server_time is None:
                    raise
                self._credential.correct(server_time)
                response = await self._wire.call(procedure, request, token=self._token(), within=within)
        except WireFailure as failure:
            raise error_of(failure) from None
        if not isinstance(response, expected):
            raise ControlPlaneUnreachable(f"the answer to {procedure.value} is of another type")
        return response

    def _token(self) -> str | None:
        return self._credential.token() if self._credential else None
