"""Who this data plane is: ids and two private keys, in one file that is there whole or not at all."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.egress import STRICT, EgressPolicy
from liaison_agent.ports import Boot, Enrolled
from liaison_agent.private_files import write_private_file

IDENTITY_FILE = "identity.json"
BOOT_FILE = "boot.json"
_SCHEMA = 1


class IdentityError(Exception):
    """The identity cannot be used; the message names the file and the way out."""


@dataclass(frozen=True, slots=True)
class KeyPairs:
    """The private halves, raw, 32 bytes each: Ed25519 to sign with, X25519 that secrets are sealed to."""

    signing: bytes = field(repr=False)
    sealing: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> KeyPairs:
        """Two new pairs."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw(), X25519PrivateKey.generate().private_bytes_raw())

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        """What tokens are signed with."""
        return Ed25519PrivateKey.from_private_bytes(self.signing)

    @property
    def public_signing(self) -> bytes:
        """The public half, raw."""
        return self.signing_key.public_key().public_bytes_raw()

    @property
    def public_sealing(self) -> bytes:
        """The public half, raw."""
        return X25519PrivateKey.from_private_bytes(self.sealing).public_key().public_bytes_raw()


@dataclass(frozen=True, slots=True)
class Identity:
    """An enrolled data plane. The private halves never leave it. `ca`: the control plane's CA (PEM) that the join token
    named; empty: whom the host trusts. `egress`: where beside public addresses the control plane lets requests go."""

    dataplane_id: str
    workspace_id: str
    token_audience: str
    keys: KeyPairs
    ca: str = ""
    egress: EgressPolicy = STRICT

    @classmethod
    def of(cls, enrolled: Enrolled, keys: KeyPairs, ca: str = "") -> Identity:
        """What enrolment with these keys gave."""
        return cls(enrolled.dataplane_id, enrolled.workspace_id, enrolled.token_audience, keys, ca, enrolled.egress)


def save_identity(folder: Path, identity: Identity) -> None:
    """Write it, 0600, so that it survives a power cut. Raises OSError."""
    fields = {
        "schema": _SCHEMA,
        "dataplane_id": identity.dataplane_id,
        "workspace_id": identity.workspace_id,
        "token_audience": identity.token_audience,
        "signing_key": base64.b64encode(identity.keys.signing).decode(),
        "sealing_key": base64.b64encode(identity.keys.sealing).decode(),
        "control_plane_ca": identity.ca,
        "allow_loopback_upstreams": identity.egress.allow_loopback,
        "allow_private_upstreams": identity.egress.allow_private,
    }
    write_private_file(folder / IDENTITY_FILE, json.dumps(fields, indent=1).encode())


def load_identity(folder: Path) -> Identity | None:
    """The stored identity, None if there is none. Raises `IdentityError` for a file that is there and no good."""
    path = folder / IDENTITY_FILE
    try:
        fields = json.loads(path.read_bytes())
        if fields["schema"] != _SCHEMA:
            raise ValueError
        keys = KeyPairs(_key(fields["signing_key"]), _key(fields["sealing_key"]))
        return Identity(
            dataplane_id=str(fields["dataplane_id"]),
            workspace_id=str(fields["workspace_id"]),
            token_audience=str(fields["token_audience"]),
            keys=keys,
            ca=str(fields.get("control_plane_ca", "")),
            egress=EgressPolicy(
                fields.get("allow_loopback_upstreams") is True, fields.get("allow_private_upstreams") is True
            ),
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise IdentityError(f"{path} cannot be read: {error.strerror}") from None
    except (KeyError, TypeError, ValueError):
        raise IdentityError(
            f"{path} is damaged or of another schema; restore it, or move the state folder away and enrol again "
            "with a new join token"
        ) from None


def next_boot(folder: Path, *, now: datetime, random_bytes: Callable[[int], bytes] = os.urandom) -> Boot:
    """Begin a life: the stored counter is raised before anything else uses it. Raises OSError.

    A lost counter goes on from the time in seconds, which no count of starts has reached."""
    path = folder / BOOT_FILE
    try:
        counter = int(json.loads(path.read_bytes())["counter"]) + 1
    except FileNotFoundError:
        counter = 1
    except (KeyError, TypeError, ValueError):
        counter = int(now.timestamp())
    write_private_file(path, json.dumps({"counter": counter}).encode())
    return Boot(counter, random_bytes(16).hex())


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != 32:
        raise ValueError
    return key
