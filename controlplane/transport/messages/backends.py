"""Consumers' own backends on the wire; a credential only ever comes in."""

from __future__ import annotations

from typing import Any

from agentrouter.configurator.v1 import backends_pb2 as pb
from controlplane.domain.backends import BackendMode
from controlplane.services.backends import ShownSet
from controlplane.services.given_backends import GivenBackend, SaveBackends
from controlplane.transport.messages.times import timestamp

MODES = {mode: f"BACKEND_MODE_{mode.name}" for mode in BackendMode}
MODES_READ = {pb.BackendMode.Value(name): mode for mode, name in MODES.items()}


def read_save(request: pb.SaveBYOKBackendsRequest) -> SaveBackends:
    """The whole new set."""
    return SaveBackends(
        workspace_id=request.workspace_id,
        user_id=request.user_id,
        backends=tuple(_given(each) for each in request.backends),
        mode=MODES_READ.get(request.mode),
        etag=request.etag,
    )


def summaries(shown: ShownSet) -> list[pb.BackendSummary]:
    """What may be shown."""
    return [
        pb.BackendSummary(
            name=each.name,
            provider=each.provider,
            credential_kind=each.credential_kind,
            last_four=each.last_four,
            created_at=timestamp(each.created_at),
        )
        for each in shown.backends
    ]


def mode(value: BackendMode | None) -> str:
    """Unspecified for a consumer without backends."""
    return MODES[value] if value else "BACKEND_MODE_UNSPECIFIED"


def _given(backend: pb.Backend) -> GivenBackend:
    kind = backend.credential.WhichOneof("kind") or ""
    settings = {
        "name": backend.name,
        "provider": backend.provider,
        "protocol": backend.protocol,
        "base_url": backend.base_url,
        "models": list(backend.models),
        "weight": backend.weight,
        "priority": backend.priority,
    }
    return GivenBackend(settings, kind, _fields(kind, getattr(backend.credential, kind)) if kind else {})


def _fields(kind: str, given: Any) -> dict[str, Any]:
    """What is given of a credential; a key is a text, every other kind a message of texts and lists of them."""
    if isinstance(given, str):
        return {kind: given}
    return {one.name: list(value) if one.is_repeated else value for one, value in given.ListFields()}
