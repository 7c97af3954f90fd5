"""Configurations and polls on the wire."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

from agentrouter.configurator.v1 import configurations_pb2 as pb
from agentrouter.configurator.v1 import events_pb2
from contract.report_words import clipped
from controlplane.domain.configurations import Configuration, ConfigurationState, SlotValue
from controlplane.domain.dataplanes import AgentReport, BackendOutage, RejectedVersion, RunningVersion
from controlplane.domain.reverts import Revert, RevertFigures
from controlplane.domain.revocations import Revocation
from controlplane.domain.secrets import StoredSecret
from controlplane.services.configurations import DataplaneVersions, ListedConfiguration, TriggerUpdate
from controlplane.services.news import News, Poll
from controlplane.services.publishing import Published
from controlplane.services.views import Batch
from controlplane.transport.calls import Spliced
from controlplane.transport.messages import events
from controlplane.transport.messages.encoded import delimited
from controlplane.transport.messages.json_bytes import read_struct
from controlplane.transport.messages.times import duration, read_duration, read_timestamp, timestamp

STATES = {state: f"CONFIGURATION_STATE_{state.name}" for state in ConfigurationState}
PENDING_EVENTS = pb.GetConfigurationResponse.PENDING_EVENTS_FIELD_NUMBER
SMALL_POLL = 2048  # bytes; longer ones are not kept
STATES_READ = {pb.ConfigurationState.Value(name): state for state, name in STATES.items()}


def configuration(value: Configuration, *, document: bool) -> pb.Configuration:
    """Without its document unless asked for."""
    return pb.Configuration(
        workspace_id=value.workspace_id,
        user_id=value.user_id,
        version=value.version,
        revision=value.revision,
        digest=value.digest,
        state=STATES[value.state],
        document=value.document if document else b"",
        created_at=timestamp(value.created_at),
        reason=value.reason,
    )


def listed(value: ListedConfiguration, *, document: bool) -> pb.Configuration:
    """With what each data plane made of it."""
    message = configuration(value.configuration, document=document)
    message.dataplanes.extend(_versions(row) for row in value.dataplanes)
    return message


def read_trigger(request: pb.TriggerUpdateRequest) -> TriggerUpdate:
    """Raises InvalidInput for metadata that cannot be kept."""
    return TriggerUpdate(
        workspace_id=request.workspace_id,
        user_id=request.user_id,
        reason=request.reason,
        force=request.force,
        metadata=read_struct(request, "metadata"),
    )


def triggered(value: Published) -> pb.TriggerUpdateResponse:
    """The answer of TriggerUpdate."""
    return pb.TriggerUpdateResponse(
        changed=value.changed,
        configuration=configuration(value.configuration, document=False),
        event_ids=value.event_ids,
        revision=value.revision,
    )


def read_poll(request: pb.GetConfigurationRequest) -> Poll:
    """Queries for one user twice: the greater version counts."""
    data = request.SerializeToString()
    return _known_poll(data) if len(data) < SMALL_POLL else _read_poll(request)


@lru_cache(maxsize=10_000)
def _known_poll(data: bytes) -> Poll:
    """While nothing changes, an agent asks the same with every poll."""
    return _read_poll(pb.GetConfigurationRequest.FromString(data))


def _read_poll(request: pb.GetConfigurationRequest) -> Poll:
    queries: dict[str, int] | None = None
    if request.queries:
        queries = {}
        for query in request.queries:
            queries[query.user_id] = max(query.current_version, queries.get(query.user_id, 0))
    wait = read_duration(request, "wait")
    return Poll(
        workspace_id=request.workspace_id,
        queries=queries,
        since_revision=request.since_revision,
        wait=wait or timedelta(),
        epoch=request.epoch,
        boot=events.read_boot(request.boot) if request.HasField("boot") else None,
        report=read_report(request.report) if request.HasField("report") else None,
        event_cursor=request.event_cursor,
        held_revocations={
            each.jti: ends_at
            for each in request.held_revocations
            if each.jti and (ends_at := read_timestamp(each, "expires_at"))
        },
    )


def news(value: News, *, sealed: bool) -> Spliced:
    """The answer of GetConfiguration; a management caller gets references of secrets without ciphertext."""
    own = pb.GetConfigurationResponse(
        revision=value.revision,
        epoch=value.epoch,
        more=value.batch.more,
        resync=value.resync,
        next_poll_after=duration(value.next_poll_after),
        event_cursor=value.event_cursor,
        delivery_keys=[pb.DeliveryKey(id=key, sealed=blob) for key, blob in value.sealed_keys.items()],
    )
    rung = (delimited(PENDING_EVENTS, events.encoded(each)) for each in value.events)
    parts = (_encoded(value.batch, sealed), own.SerializeToString(), *rung)
    return Spliced(pb.GetConfigurationResponse, parts)


@lru_cache(maxsize=8)
def _encoded(batch: Batch, sealed: bool) -> bytes:
    """The part of the answer that is the same for a crowd, encoded for the first of them."""
    return pb.GetConfigurationResponse(
        configurations=[configuration(item, document=True) for item in batch.configurations],
        values=map(_value, batch.values),
        revocations=map(_revocation, batch.revocations),
        secrets=[_secret(item, sealed=sealed) for item in batch.secrets],
    ).SerializeToString()


@lru_cache(maxsize=10_000)
def unchanged(revision: int, epoch: str, event_cursor: int) -> pb.GetConfigurationResponse:
    """The answer of a poll that has nothing newer and may be repeated at once: made once, not to be changed."""
    message = pb.GetConfigurationResponse(revision=revision, epoch=epoch, event_cursor=event_cursor)
    message.next_poll_after.SetInParent()
    return message


def read_report(value: pb.AgentReport) -> AgentReport:
    """What an agent says of itself."""
    return AgentReport(
        agent_version=value.agent_version,
        envoy_version=value.envoy_version,
        received_revision=value.received_revision,
        running=tuple(RunningVersion(item.slot, item.version) for item in value.running),
        rejected=tuple(
            RejectedVersion(item.slot, item.version, item.reason, item.workspace_version) for item in value.rejected
        ),
        serving_stale_since=read_timestamp(value, "serving_stale_since"),
        ledger_lost=value.ledger_lost,
        warnings=tuple(map(clipped, value.warnings)),
        reverted=tuple(map(_read_revert, value.reverted)),
        running_revision=value.running_revision,
        outages=tuple(BackendOutage(item.user_id, item.backend, item.reason) for item in value.outages),
    )


def _read_revert(value: pb.RevertedSlot) -> Revert:
    judged = value.figures
    return Revert(
        slot=value.slot,
        from_version=value.from_version,
        to_version=value.to_version,
        figures=RevertFigures(
            requests=judged.requests,
            failures=judged.failures,
            failure_ratio=judged.failure_ratio,
            window=read_duration(judged, "window") or timedelta(),
        ),
        reason=value.reason,
        workspace_version=value.workspace_version,
        reverted_at=read_timestamp(value, "reverted_at"),
    )


def report(value: AgentReport) -> pb.AgentReport:
    """The same, to be shown."""
    return pb.AgentReport(
        agent_version=value.agent_version,
        envoy_version=value.envoy_version,
        received_revision=value.received_revision,
        running=[pb.RunningVersion(slot=item.slot, version=item.version) for item in value.running],
        rejected=[
            events_pb2.RejectedSlot(
                slot=item.slot, version=item.version, reason=item.reason, workspace_version=item.workspace_version
            )
            for item in value.rejected
        ],
        serving_stale_since=timestamp(value.serving_stale_since),
        ledger_lost=value.ledger_lost,
        warnings=value.warnings,
        reverted=map(_revert, value.reverted),
        running_revision=value.running_revision,
        outages=[
            pb.BackendOutage(user_id=item.user_id, backend=item.backend, reason=item.reason) for item in value.outages
        ],
    )


def _revert(value: Revert) -> pb.RevertedSlot:
    figures = value.figures
    return pb.RevertedSlot(
        slot=value.slot,
        from_version=value.from_version,
        to_version=value.to_version,
        figures=pb.RevertFigures(
            requests=figures.requests,
            failures=figures.failures,
            failure_ratio=figures.failure_ratio,
            window=duration(figures.window),
        ),
        reason=value.reason,
        workspace_version=value.workspace_version,
        reverted_at=timestamp(value.reverted_at),
    )


def _versions(value: DataplaneVersions) -> pb.DataplaneVersions:
    return pb.DataplaneVersions(
        dataplane_id=value.dataplane_id,
        desired_version=value.desired_version,
        delivered_version=value.delivered_version,
        applied_version=value.applied_version,
        running_version=value.running_version,
        drift_age=duration(value.drift_age),
        proof=events.proof(value.proof),
        rejected_version=value.rejected_version,
        rejected_reason=value.rejected_reason,
        reverted=_revert(value.reverted) if value.reverted else None,
    )


def _value(value: SlotValue) -> pb.SlotValue:
    return pb.SlotValue(
        slot=value.slot,
        version=value.version,
        revision=value.revision,
        digest=value.digest,
        value=value.value,
        tombstone=value.tombstone,
    )


def _revocation(value: Revocation) -> pb.Revocation:
    return pb.Revocation(jti=value.jti, expires_at=timestamp(value.expires_at), revision=value.revision)


def _secret(value: StoredSecret, *, sealed: bool) -> pb.SealedSecret:
    if not sealed:
        return pb.SealedSecret(ref=value.ref)
    return pb.SealedSecret(
        ref=value.ref, delivery_key_id=value.delivery_key_id, ciphertext=value.delivered, origin=value.origin
    )
