"""Documents for the compiler's tests, and a packer by the real Envoy's descriptors that counts what it packs."""

from __future__ import annotations

import functools
import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from liaison_agent.envoy.descriptors import find_envoy_binary, load_descriptor_pool
from liaison_agent.envoy.packing import DescriptorPacker
from liaison_agent.state import Configuration, Desired

WORKSPACE = "ws-test"
NO_KEYS = b'{"keys":[]}'


@functools.cache
def real_packer() -> DescriptorPacker:
    """One packer for the whole run: reading the descriptors takes half a second."""
    with tempfile.TemporaryDirectory() as folder:
        return DescriptorPacker(load_descriptor_pool(find_envoy_binary(), Path(folder)))


class CountingPacker:
    """Packs for real, and notes the messages."""

    def __init__(self) -> None:
        self.packed: list[str] = []

    def pack(self, message: str, fields: Mapping[str, Any], parts: Mapping[str, bytes] | None = None) -> bytes:
        """See `Packer.pack`."""
        self.packed.append(message.rpartition(".")[2])
        return real_packer().pack(message, fields, parts)


def configuration(user_id: str, document: Mapping[str, Any], version: int = 1) -> Configuration:
    """A delivered document."""
    body = json.dumps(document).encode()
    return Configuration(WORKSPACE, user_id, version, version, hashlib.sha256(body).hexdigest(), body)


def consumer(user_id: str, version: int = 1, **fields: Any) -> Configuration:
    """A consumer's document."""
    return configuration(user_id, {"version": "consumer/v1", "consumer_id": user_id, **fields}, version)


def workspace(models: Mapping[str, list[dict[str, Any]]], version: int = 1, **model_fields: Any) -> Configuration:
    """A workspace document with one listener and these models, each with its backends in order."""
    document = {
        "version": "v0.3",
        "listeners": [{"name": "main", "address": "127.0.0.1", "port": 12582}],
        "providers": {
            "models": [
                {"name": name, "backend_refs": [{**one, "weight": 9 - n} for n, one in enumerate(refs)], **model_fields}
                for name, refs in models.items()
            ]
        },
        "routing": {"modelCards": [{"name": name} for name in models]},
    }
    return configuration("", document, version)


def desired(*configurations: Configuration, secrets: Mapping[str, str] | None = None, jwks: bytes = NO_KEYS) -> Desired:
    """Everything the gateway should be."""
    return Desired(WORKSPACE, {one.user_id: one for one in configurations}, jwks, secrets or {})
