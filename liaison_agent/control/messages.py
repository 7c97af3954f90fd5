"""Between the API's messages and the agent's own words. What the agent does not know it passes over."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.management.v1 import dataplanes_pb2 as dp
from contract.egress import EgressPolicy
from liaison_agent.memory import Completion, HeldEvent, Proof, Received, Reverted, Tombstone, Value
from liaison_agent.ports import (
    Answer,
    Boot,
    Enrolled,
    Enrolment,
    PendingEvent,
    Poll,
    Report,
    SealedDeliveryKey,
    SealedSecret,
)
from liaison_agent.state import Configuration, slot_of


def poll_request(poll: Poll) -> conf.GetConfigurationRequest:
    """GetConfigurationRequest."""
    request = conf.GetConfigurationRequest(
        since_revision=poll.since_revision,
        epoch=poll.epoch,
        boot=_boot(poll.boot),
        report=_report(poll.report),
        event_cursor=poll.event_cursor,
    )
    request.wait.FromTimedelta(poll.wait)
    for jti, ends_at in poll.held_revocations:
        request.held_revocations.add(jti=jti, expires_at=_timestamp(ends_at))
    return request


def answer_of(response: conf.GetConfigurationResponse) -> Answer:
    """GetConfigurationResponse. What was received is put in the order of revisions."""
    received = [*map(_configuration, response.configurations), *map(_value, response.values)]
    return Answer(
        received=tuple(sorted(received, key=lambda one: one.revision)),
        revocations=tuple((one.jti, _time(one.expires_at)) for one in response.revocations),
        revoked_to=max((one.revision for one in response.revocations), default=0),
        secrets=tuple(
            SealedSecret(one.ref, one.origin, one.delivery_key_id, one.ciphertext) for one in response.secrets
        ),
        delivery_keys=tuple(SealedDeliveryKey(one.id, one.sealed) for one in response.delivery_keys),
        events=tuple(map(_pending, response.pending_events)),
        revision=response.revision,
        epoch=response.epoch,
        more=response.more,
        resync=response.resync,
        next_poll_after=response.next_poll_after.ToTimedelta(),
        event_cursor=response.event_cursor,
    )


def acknowledge_request(event_id: str, boot: Boot) -> ev.AcknowledgeEventRequest:
    """AcknowledgeEventRequest."""
    return ev.AcknowledgeEventRequest(event_id=event_id, boot=_boot(boot))


def held_of(response: ev.AcknowledgeEventResponse) -> HeldEvent:
    """AcknowledgeEventResponse."""
    event = response.event
    return HeldEvent(event.id, event.slot, event.configuration_version, event.fencing_token)


def complete_request(completion: Completion) -> ev.CompleteEventRequest:
    """CompleteEventRequest."""
    return ev.CompleteEventRequest(
        event_id=completion.event_id,
        outcome=ev.EVENT_OUTCOME_APPLIED if completion.applied else ev.EVENT_OUTCOME_FAILED,
        version=completion.version,
        digest=completion.digest,
        retryable=completion.retryable,
        error=completion.error,
        fencing_token=completion.fencing_token,
        proof=_proof(completion.proof) if completion.proof else None,
        workspace_version=completion.workspace_version,
        rejected=[
            ev.RejectedSlot(
                slot=one.slot, version=one.version, reason=one.reason, workspace_version=one.workspace_version
            )
            for one in completion.rejected
        ],
    )


def enroll_request(enrolment: Enrolment) -> dp.EnrollDataplaneRequest:
    """EnrollDataplaneRequest."""
    return dp.EnrollDataplaneRequest(
        join_token=enrolment.join_token,
        signing_public_key=enrolment.signing_public_key,
        sealing_public_key=enrolment.sealing_public_key,
        name=enrolment.name,
        agent_version=enrolment.agent_version,
    )


def enrolled_of(response: dp.EnrollDataplaneResponse) -> Enrolled:
    """EnrollDataplaneResponse."""
    egress = EgressPolicy(response.allow_loopback_upstreams, response.allow_private_upstreams)
    return Enrolled(response.dataplane.id, response.dataplane.workspace_id, response.token_audience, egress)


def _configuration(one: conf.Configuration) -> Received:
    if one.state == conf.CONFIGURATION_STATE_REMOVED:
        return Tombstone(slot_of(one.user_id), one.version, one.revision, one.digest)
    return Configuration(one.workspace_id, one.user_id, one.version, one.revision, one.digest, one.document)


def _value(one: conf.SlotValue) -> Received:
    if one.tombstone:
        return Tombstone(one.slot, one.version, one.revision, one.digest)
    return Value(one.slot, one.version, one.revision, one.digest, one.value)


def _pending(one: ev.Event) -> PendingEvent:
    full = one.payload.fields.get("full") if one.HasField("payload") else None
    return PendingEvent(one.id, one.slot, one.configuration_version, full is not None and full.bool_value)


def _boot(boot: Boot) -> ev.Boot:
    return ev.Boot(counter=boot.counter, nonce=boot.nonce)


def _report(report: Report) -> conf.AgentReport:
    return conf.AgentReport(
        agent_version=report.agent_version,
        envoy_version=report.envoy_version,
        received_revision=report.received_revision,
        running=[conf.RunningVersion(slot=slot, version=version) for slot, version in report.running],
        rejected=[
            ev.RejectedSlot(slot=slot, version=version, reason=reason, workspace_version=together_with)
            for slot, version, reason, together_with in report.rejected
        ],
        serving_stale_since=_timestamp(report.serving_stale_since) if report.serving_stale_since else None,
        ledger_lost=report.ledger_lost,
        warnings=report.warnings,
        reverted=map(_reverted, report.reverted),
        running_revision=report.running_revision,
        outages=[
            conf.BackendOutage(user_id=user_id, backend=backend, reason=reason)
            for user_id, backend, reason in report.outages
        ],
    )


def _reverted(one: Reverted) -> conf.RevertedSlot:
    figures = conf.RevertFigures(requests=one.requests, failures=one.failures, failure_ratio=one.failure_ratio)
    figures.window.FromTimedelta(one.window)
    return conf.RevertedSlot(
        slot=one.slot,
        from_version=one.from_version,
        to_version=one.to_version,
        figures=figures,
        reason=one.reason,
        workspace_version=one.workspace_version,
        reverted_at=_timestamp(one.reverted_at),
    )


def _proof(proof: Proof) -> ev.ApplyProof:
    return ev.ApplyProof(
        envoy_version=proof.envoy_version,
        resources=[ev.ProvenResource(name=name, digest=digest) for name, digest in proof.resources],
        applied_at=_timestamp(proof.applied_at),
    )


def _timestamp(time: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp


def _time(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)
