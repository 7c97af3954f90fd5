"""Data planes' tokens, right or wrong in any one way, signed with a key that is no secret."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controlplane.domain.dataplanes import AgentReport, Dataplane

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER_PUBLIC = OTHER_KEY.public_key().public_bytes_raw()


def new_dataplane(dataplane_id: str = "dp-1", workspace_id: str = "ws-1", signing_key: bytes = PUBLIC) -> Dataplane:
    """A data plane as the store has it."""
    return Dataplane(
        id=dataplane_id,
        workspace_id=workspace_id,
        group="default",
        name=dataplane_id,
        signing_key=signing_key,
        sealing_key=bytes(32),
        applied_revision=0,
        boot=None,
        report=AgentReport(),
        created_at=NOW,
    )


STORED = new_dataplane()


def base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def signed(header: dict[str, Any] | None = None, without: str = "", **claims: Any) -> str:
    """A token with the least claims, apart from what is given; signed with the data plane's key."""
    payload = {"aud": "agentrouter", "iat": seconds(NOW), "exp": seconds(NOW) + 300} | claims
    payload.pop(without, None)
    return signed_text(json.dumps(payload), header)


def signed_text(payload: str, header: dict[str, Any] | None = None) -> str:
    merged = {"alg": "EdDSA", "kid": "instance-dp-1"} | (header or {})
    signing_input = f"{base64url(json.dumps(merged).encode())}.{base64url(payload.encode())}"
    return f"{signing_input}.{base64url(KEY.sign(signing_input.encode()))}"
