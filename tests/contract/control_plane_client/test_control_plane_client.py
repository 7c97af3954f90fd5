"""What the port promises, over Connect and over gRPC alike."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2

from liaison_agent.control.connect_wire import ConnectWire
from liaison_agent.control.grpc_wire import GrpcWire
from liaison_agent.control.identity import KeyPairs
from liaison_agent.control.remote import RemoteControlPlane
from liaison_agent.control.wires import Wire
from liaison_agent.memory import Completion, Proof, Reverted, Tombstone, Value
from liaison_agent.opener import Opener
from liaison_agent.ports import (
    Boot,
    ControlPlaneRefused,
    ControlPlaneUnreachable,
    Enrolment,
    Poll,
    Report,
)
from tests.fakes.clocks import START, FakeClock
from tests.fakes.control_plane import DATAPLANE, WORKSPACE
from tests.fakes.control_plane_server import Refusal, Served

BOOT = Boot(1, "nonce-001")
POLL = Poll(0, "", 0, timedelta(0), BOOT, Report("0.1.0"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_an_answer_arrives_whole(served: Served, client: RemoteControlPlane) -> None:
    put = served.simulator.put("", {"key": "secret://openai@1"}, openai="sk-real")
    served.simulator.put_value("gatekeeper_keys", b"{}")
    served.simulator.remove("ann")
    served.simulator.revoke_key("jti-1", NOW)
    served.simulator.ring("config/", full=True)
    served.simulator.next_poll_after = timedelta(seconds=1.5)

    answer = await client.poll(POLL)

    [document, value, tombstone] = answer.received
    assert document == put
    assert isinstance(value, Value)
    assert value.value == b"{}"
    assert tombstone == Tombstone("config/ann", 1, 3)
    assert (answer.revocations, answer.revoked_to) == ((("jti-1", NOW),), 4)
    assert [(one.slot, one.full) for one in answer.events][-1] == ("config/", True)
    assert (answer.revision, answer.epoch, answer.more, answer.resync) == (4, "epoch-1", False, False)
    assert answer.next_poll_after == timedelta(seconds=1.5)
    assert answer.event_cursor == 5


async def test_what_was_sealed_on_the_way_opens(served: Served, client: RemoteControlPlane, keys: KeyPairs) -> None:
    served.simulator.put("", {"key": "secret://openai@1"}, openai="sk-real")
    opener = Opener(keys.sealing, workspace_id=WORKSPACE, dataplane_id=DATAPLANE)

    opened = opener.open(await client.poll(POLL), {})

    assert opened.secrets["secret://openai@1"].value == "sk-real"
    assert opened.failed == {}


async def test_everything_a_poll_says_arrives(served: Served, client: RemoteControlPlane) -> None:
    report = Report(
        agent_version="0.1.0",
        envoy_version="1.40.0",
        received_revision=7,
        running=(("config/", 3),),
        rejected=(("config/ann", 2, "bad regex", 3),),
        serving_stale_since=NOW,
        ledger_lost=True,
        warnings=("disk full",),
        reverted=(Reverted("config/", 3, 2, 120, 40, 1 / 3, timedelta(seconds=30), NOW, "unhealthy", 3),),
        running_revision=6,
        outages=(("ann", "azure", "idp answered 401"),),
    )

    await client.poll(replace(POLL, since_revision=7, epoch="epoch-1", event_cursor=5, report=report))

    [request] = served.requests
    assert (request.since_revision, request.epoch, request.event_cursor) == (7, "epoch-1", 5)
    assert (request.boot.counter, request.boot.nonce) == (1, "nonce-001")
    assert [(one.slot, one.version) for one in request.report.running] == [("config/", 3)]
    [rejected], [reverted] = request.report.rejected, request.report.reverted
    assert (rejected.slot, rejected.version, rejected.reason) == ("config/ann", 2, "bad regex")
    assert rejected.workspace_version == 3
    figures = reverted.figures
    assert (reverted.slot, reverted.from_version, reverted.to_version) == ("config/", 3, 2)
    assert (figures.requests, figures.failures, figures.failure_ratio) == (120, 40, 1 / 3)
    assert figures.window.ToTimedelta() == timedelta(seconds=30)
    assert (reverted.reason, reverted.workspace_version) == ("unhealthy", 3)
    assert reverted.reverted_at.ToDatetime(tzinfo=UTC) == NOW
    assert request.report.running_revision == 6
    [outage] = request.report.outages
    assert (outage.user_id, outage.backend, outage.reason) == ("ann", "azure", "idp answered 401")
    assert request.report.serving_stale_since.ToDatetime(tzinfo=UTC) == NOW
    assert request.report.ledger_lost
    assert list(request.report.warnings) == ["disk full"]


async def test_a_poll_hangs_until_there_is_news(served: Served, client: RemoteControlPlane) -> None:
    hanging = asyncio.create_task(client.poll(replace(POLL, wait=timedelta(seconds=30))))
    await served.simulator.idle.wait()

    served.simulator.put("", {})

    assert len((await hanging).received) == 1


async def test_a_hanging_poll_can_be_cancelled(served: Served, client: RemoteControlPlane) -> None:
    hanging = asyncio.create_task(client.poll(replace(POLL, wait=timedelta(seconds=30))))
    await served.simulator.idle.wait()

    hanging.cancel()

    with pytest.raises(asyncio.CancelledError):
        await hanging


async def test_acknowledging_and_completing_take_an_event_to_its_end(
    served: Served, client: RemoteControlPlane
) -> None:
    put = served.simulator.put("", {})
    held = await client.acknowledge("ev_1", BOOT)
    proof = Proof("1.40.0", (("listener/public", "abc"),), NOW)

    await client.complete(Completion(held.id, held.slot, held.fencing_token, 1, put.digest, proof=proof))

    assert (held.slot, held.version, held.fencing_token) == ("config/", 1, 1)
    assert served.simulator.events["ev_1"].status == "APPLIED"
    request = served.requests[-1]
    assert [(one.name, one.digest) for one in request.proof.resources] == [("listener/public", "abc")]
    assert request.proof.applied_at.ToDatetime(tzinfo=UTC) == NOW


async def test_a_failure_is_completed_with_its_reason(served: Served, client: RemoteControlPlane) -> None:
    served.simulator.put("", {})
    held = await client.acknowledge("ev_1", BOOT)

    await client.complete(Completion(held.id, held.slot, held.fencing_token, 1, "d", error="bad regex"))

    request = served.requests[-1]
    assert (request.error, request.retryable, request.HasField("proof")) == ("bad regex", False, False)
    assert served.simulator.events["ev_1"].status == "FAILED"


async def test_a_join_token_becomes_an_identity_without_any_other_credential(
    served: Served, client: RemoteControlPlane, wire: Wire
) -> None:
    enrolment = Enrolment("jt-x", b"s" * 32, b"e" * 32, "host-1", "0.1.0")

    enrolled = await RemoteControlPlane(wire, None).enroll(enrolment)

    assert (enrolled.dataplane_id, enrolled.workspace_id, enrolled.token_audience) == (
        DATAPLANE,
        WORKSPACE,
        "agentrouter",
    )
    assert served.simulator.enrolments == [enrolment]
    assert served.tokens == [""]


async def test_one_token_lasts_its_lifetime_and_then_a_new_one_comes(
    served: Served, client: RemoteControlPlane, clock: FakeClock
) -> None:
    for _ in range(2):
        await client.poll(POLL)
    clock.advance(241)
    await client.poll(POLL)

    first, second, third = served.tokens
    assert first == second != third
    assert jwt.get_unverified_header(first)["kid"] == f"instance-{DATAPLANE}"
    assert jwt.decode(third, options={"verify_signature": False})["iat"] == int(START.timestamp()) + 241


@pytest.mark.parametrize("reason", ["TOKEN_EXPIRED", "TOKEN_NOT_YET_VALID"])
async def test_a_wrong_clock_is_set_right_by_the_refusal_and_the_call_goes_on(
    served: Served, client: RemoteControlPlane, clock: FakeClock, reason: str
) -> None:
    clock.wall_offset = timedelta(hours=-24)
    told = {"server_time": START.isoformat()}
    served.refusals = [Refusal.because("UNAUTHENTICATED", reason, "by an hour", told)]

    await client.poll(POLL)

    issued = [jwt.decode(token, options={"verify_signature": False})["iat"] for token in served.tokens]
    assert issued == [int((START - timedelta(hours=24)).timestamp()), int(START.timestamp())]


async def test_a_clock_that_stays_wrong_is_a_refusal_and_no_loop(served: Served, client: RemoteControlPlane) -> None:
    told = {"server_time": START.isoformat()}
    served.refusals = [Refusal.because("UNAUTHENTICATED", "TOKEN_EXPIRED", "old", told)] * 10

    with pytest.raises(ControlPlaneRefused):
        await client.poll(POLL)

    assert len(served.requests) == 2


@pytest.mark.parametrize(
    "code", ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "INTERNAL", "UNKNOWN", "ABORTED", "DEADLINE_EXCEEDED"]
)
async def test_not_now_is_unreachable(served: Served, client: RemoteControlPlane, code: str) -> None:
    served.refusals = [Refusal(code, "not now")]

    with pytest.raises(ControlPlaneUnreachable) as caught:
        await client.poll(POLL)

    assert caught.value.retry_after is None
    assert "not now" in str(caught.value)


async def test_a_wish_for_a_pause_arrives(served: Served, client: RemoteControlPlane) -> None:
    retry = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=7))
    served.refusals = [Refusal("UNAVAILABLE", "busy", error_details_pb2.ErrorInfo(reason="BUSY"), retry)]

    with pytest.raises(ControlPlaneUnreachable) as caught:
        await client.poll(POLL)

    assert caught.value.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize(
    "code, reason, about_us",
    [
        ("UNAUTHENTICATED", "DATAPLANE_REVOKED", True),
        ("PERMISSION_DENIED", "ROLE_TOO_SMALL", True),
        ("NOT_FOUND", "NOT_FOUND", False),
        ("FAILED_PRECONDITION", "FENCING_TOKEN_OLD", False),
        ("INVALID_ARGUMENT", "INVALID_INPUT", False),
    ],
)
async def test_a_refusal_arrives_with_its_reason(
    served: Served, client: RemoteControlPlane, code: str, reason: str, about_us: bool
) -> None:
    served.refusals = [Refusal.because(code, reason, "no")]

    with pytest.raises(ControlPlaneRefused) as caught:
        await client.acknowledge("ev_1", BOOT)

    assert (caught.value.code, caught.value.reason, caught.value.is_about_us) == (code, reason, about_us)


@pytest.mark.parametrize("protocol", ["connect", "grpc"])
async def test_nobody_there_is_unreachable(free_port: int, protocol: str) -> None:
    url = f"http://127.0.0.1:{free_port}"
    wire: Wire = ConnectWire(url) if protocol == "connect" else GrpcWire(url)

    with pytest.raises(ControlPlaneUnreachable):
        await RemoteControlPlane(wire, None).poll(POLL)

    await wire.close()


async def test_no_error_shows_the_token(served: Served, client: RemoteControlPlane) -> None:
    served.refusals = [Refusal.because("UNAUTHENTICATED", "TOKEN_MALFORMED", "the token is malformed")]

    with pytest.raises(ControlPlaneRefused) as caught:
        await client.poll(POLL)

    assert served.tokens[0] not in str(caught.value)
