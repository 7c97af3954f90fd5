"""Nouns for the store's tests: whole ones, so that a field that is not kept is noticed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from controlplane.domain.callers import Role
from controlplane.domain.configurations import Configuration, ConfigurationState, SlotValue
from controlplane.domain.dataplanes import (
    AgentReport,
    BackendOutage,
    Boot,
    Dataplane,
    JoinToken,
    RejectedVersion,
    RunningVersion,
    SlotState,
)
from controlplane.domain.documents import SourceDocument
from controlplane.domain.events import Event, EventStatus, EventType
from controlplane.domain.keys import ConsumerKey, ManagementKey
from controlplane.domain.reverts import Revert, RevertFigures
from controlplane.domain.secrets import GatekeeperKey, StoredDeliveryKey, StoredSecret
from controlplane.domain.workspaces import Tenant, Workspace

NOW = datetime(2026, 11, 20, 9, 30, 15, 123457, tzinfo=UTC)
TENANT = Tenant("tn_1", "acme", NOW)
WORKSPACE = Workspace("ws_1", TENANT.id, "main", revision=0, event_cursor=0, created_at=NOW)
ANYTHING = bytes(range(256))
REPORT = AgentReport(
    agent_version="1.2.3",
    envoy_version="1.40.0",
    received_revision=7,
    running=(RunningVersion("config/", 3), RunningVersion("config/ü", 1)),
    rejected=(RejectedVersion("config/x", 2, "Envoy said: \0 no\ud800", workspace_version=3),),
    serving_stale_since=NOW - timedelta(microseconds=1),
    ledger_lost=True,
    warnings=("clock is off", ""),
    reverted=(
        Revert(
            "config/y",
            from_version=5,
            to_version=4,
            figures=RevertFigures(120, 40, 1 / 3, timedelta(seconds=30.5)),
            reason="5xx \0",
            workspace_version=3,
            reverted_at=NOW,
        ),
        Revert("config/z", from_version=2**40, to_version=0),
    ),
    running_revision=6,
    outages=(BackendOutage("ü@example.com", "mine", "idp said \0"),),
)


def later(**by: float) -> datetime:
    """Some time after NOW."""
    return NOW + timedelta(**by)


def configuration(version: int, revision: int, user_id: str = "", **changes: Any) -> Configuration:
    """An ACTIVE version."""
    document = changes.pop("document", f'{{"version":{version}}}'.encode())
    made = Configuration(
        workspace_id=WORKSPACE.id,
        user_id=user_id,
        version=version,
        revision=revision,
        digest=hashlib.sha256(document).hexdigest(),
        state=ConfigurationState.ACTIVE,
        document=document,
        secret_refs=("secret://openai@1", "secret://ü@2"),
        reason="because",
        created_at=NOW + timedelta(seconds=revision % 1000),
    )
    return replace(made, **changes)


def tombstone(version: int, revision: int, user_id: str) -> Configuration:
    """A REMOVED version."""
    return configuration(
        version, revision, user_id, state=ConfigurationState.REMOVED, document=b"", secret_refs=(), digest=""
    )


def slot_value(slot: str, version: int, revision: int, **changes: Any) -> SlotValue:
    """A value."""
    made = SlotValue(WORKSPACE.id, slot, version, revision, digest=f"d{version}", value=ANYTHING)
    return replace(made, **changes)


def document(user_id: str, generation: int) -> SourceDocument:
    """A source document."""
    return SourceDocument(WORKSPACE.id, user_id, ANYTHING, f"etag-{generation}", generation, NOW)


def secret(name: str, version: int, **changes: Any) -> StoredSecret:
    """A secret's version."""
    made = StoredSecret(
        workspace_id=WORKSPACE.id,
        name=name,
        version=version,
        origin="https://api.example.com",
        mac=b"mac",
        sealed=ANYTHING,
        delivery_key_id="dk_1",
        delivered=ANYTHING[::-1],
        created_at=NOW,
    )
    return replace(made, **changes)


def delivery_key(key_id: str, created_at: datetime) -> StoredDeliveryKey:
    """A delivery key."""
    return StoredDeliveryKey(key_id, WORKSPACE.id, ANYTHING, created_at)


def gatekeeper_key(kid: str, created_at: datetime) -> GatekeeperKey:
    """A gatekeeper key."""
    return GatekeeperKey(kid, WORKSPACE.id, ANYTHING, b'{"kty":"OKP"}', created_at)


def dataplane(dataplane_id: str, **changes: Any) -> Dataplane:
    """A data plane that was never seen."""
    made = Dataplane(
        id=dataplane_id,
        workspace_id=WORKSPACE.id,
        group="cluster-a",
        name="first",
        signing_key=b"\x00" * 32,
        sealing_key=b"\xff" * 32,
        applied_revision=0,
        boot=None,
        report=AgentReport(),
        created_at=NOW,
    )
    return replace(made, **changes)


def join_token(token_id: str, **changes: Any) -> JoinToken:
    """A token for one data plane."""
    made = JoinToken(
        id=token_id,
        workspace_id=WORKSPACE.id,
        group="cluster-a",
        token_hash=f"hash of {token_id}",
        max_uses=1,
        uses=0,
        expires_at=later(hours=1),
        created_at=NOW,
    )
    return replace(made, **changes)


def slot_state(dataplane_id: str, slot: str, **changes: Any) -> SlotState:
    """An applied slot."""
    made = SlotState(dataplane_id, slot, 3, "digest", NOW, b'{"envoy":"1.40"}', 2, "no such cluster")
    return replace(made, **changes)


def event(number: int, slot: str = "config/", dataplane_id: str = "dp_1", **changes: Any) -> Event:
    """A PENDING event whose id and cursor both are its number."""
    made = Event(
        id=f"ev_{number:04}",
        workspace_id=WORKSPACE.id,
        dataplane_id=dataplane_id,
        type=EventType.CONFIG_UPDATE,
        slot=slot,
        user_id=slot.removeprefix("config/"),
        configuration_version=number,
        status=EventStatus.PENDING,
        cursor=number,
        created_at=NOW,
    )
    return replace(made, **changes)


def acknowledged(number: int, slot: str = "config/", dataplane_id: str = "dp_1", **changes: Any) -> Event:
    """An event with every field set, held by the first boot for a minute."""
    fields: dict[str, Any] = {
        "status": EventStatus.ACKNOWLEDGED,
        "payload": b'{"full":true}',
        "metadata": ANYTHING,
        "etag": "etag",
        "attempt": 1,
        "fencing_token": 2**40,
        "holder": Boot(1, "nonce"),
        "lease_expires_at": later(seconds=60),
        "not_before": later(seconds=1),
        "acknowledged_at": NOW,
        "completed_at": later(seconds=2),
        "completed_version": 9,
        "completed_digest": "digest",
        "error": "none yet",
        "superseded_by": "ev_9999",
        "proof": b'{"resources":[]}',
    }
    return event(number, slot, dataplane_id, **{**fields, **changes})


def management_key(key_id: str, **changes: Any) -> ManagementKey:
    """A key of the tenant."""
    made = ManagementKey(
        id=key_id,
        tenant_id=TENANT.id,
        workspace_ids=("ws_1", "ws_2"),
        role=Role.OPERATOR,
        name="deploys",
        token_hash=f"hash of {key_id}",
        last_four="abcd",
        created_at=NOW,
        expires_at=later(days=1),
    )
    return replace(made, **changes)


def consumer_key(jti: str, consumer_id: str = "alice") -> ConsumerKey:
    """A record of an issued key."""
    return ConsumerKey(jti, WORKSPACE.id, consumer_id, "laptop", NOW, later(days=365))
