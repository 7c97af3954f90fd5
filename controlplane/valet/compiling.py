"""Compiles the source document of a workspace, or of a consumer, into the bytes that data planes get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract import (
    ConsumerBackend,
    ConsumerDocument,
    WorkspaceDocument,
    canonical_bytes,
    consumer_of_secret,
    digest,
    is_secret_ref,
    iter_backend_secrets,
    own_secret_name,
    parse_secret_ref,
    with_backend_secrets,
)
from controlplane.domain.backends import Backend, BackendSet
from controlplane.domain.errors import DoesNotCompile, FieldFault


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """The newest version of a stored secret and the origin it is bound to (`https://host:port`)."""

    version: int
    origin: str


@dataclass(frozen=True, slots=True)
class WorkspaceSnapshot:
    """Everything a workspace document is compiled from, at one instant; secrets by name."""

    source: WorkspaceDocument
    secrets: Mapping[str, SecretVersion]


@dataclass(frozen=True, slots=True)
class ConsumerSnapshot:
    """Everything a consumer document is compiled from, at one instant; secrets by name."""

    source: ConsumerDocument
    backends: BackendSet | None = None
    secrets: Mapping[str, SecretVersion] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A delivered document: canonical bytes, their sha256 in hex, and the versioned secret references inside."""

    document: bytes = field(repr=False)
    digest: str
    secret_refs: tuple[str, ...]


def compile_workspace(snapshot: WorkspaceSnapshot) -> Compiled:
    """Raises DoesNotCompile with every secret that is unknown or bound to another origin."""
    resolved, faults = _resolve(snapshot)
    if faults:
        raise DoesNotCompile("the workspace's document does not compile", faults)
    refs = tuple(sorted(set(resolved.values())))
    return _compiled(canonical_bytes(with_backend_secrets(snapshot.source, resolved)), refs)


def reference_faults(snapshot: WorkspaceSnapshot) -> tuple[FieldFault, ...]:
    """What `compile_workspace` would refuse; inline credentials, not yet taken out, are passed over."""
    return _resolve(snapshot)[1]


def _resolve(snapshot: WorkspaceSnapshot) -> tuple[dict[str, str], tuple[FieldFault, ...]]:
    """By field path: the versioned reference of each stored secret, and the faults of the others."""
    resolved: dict[str, str] = {}
    faults: list[FieldFault] = []
    for secret in iter_backend_secrets(snapshot.source):
        if not is_secret_ref(secret.value):
            continue
        name = parse_secret_ref(secret.value).name
        stored = snapshot.secrets.get(name)
        if stored is None or consumer_of_secret(name) is not None:
            faults.append(FieldFault(secret.path, "unknown_secret", f"no secret {name!r} is stored; give the api_key"))
        elif stored.origin != secret.origin:
            faults.append(FieldFault(secret.path, "secret_origin", _moved(name, stored.origin, secret.origin)))
        else:
            resolved[secret.path] = f"secret://{name}@{stored.version}"
    return resolved, tuple(faults)


def compile_consumer(snapshot: ConsumerSnapshot) -> Compiled:
    """The consumer's overlay with its own backends. Raises DoesNotCompile when the secret of one is not as saved."""
    own = snapshot.backends
    if own is None or own.mode is None:
        return _compiled(canonical_bytes(snapshot.source), ())
    faults = [fault for index, one in enumerate(own.backends) if (fault := _own_fault(snapshot, index, one))]
    if faults:
        raise DoesNotCompile(f"the backends of consumer {own.user_id!r} do not compile", tuple(faults))
    backends = tuple(_delivered(snapshot, own.user_id, one) for one in own.backends)
    document = snapshot.source.model_copy(update={"backends": backends, "mode": own.mode.value})
    return _compiled(canonical_bytes(document), tuple(sorted(one.credential.ref for one in backends)))


def _own_fault(snapshot: ConsumerSnapshot, index: int, backend: Backend) -> FieldFault | None:
    stored = snapshot.secrets.get(own_secret_name(snapshot.source.consumer_id, backend.name, backend.credential.kind))
    if stored is not None and stored.origin == backend.credential.origin:
        return None
    problem = f"the credential of backend {backend.name!r} is not stored; save the backend with its credential again"
    return FieldFault(f"backends[{index}].credential", "unknown_secret", problem)


def _delivered(snapshot: ConsumerSnapshot, user_id: str, backend: Backend) -> ConsumerBackend:
    name = own_secret_name(user_id, backend.name, backend.credential.kind)
    ref = f"secret://{name}@{snapshot.secrets[name].version}"
    credential = backend.credential
    return ConsumerBackend.model_validate(
        {
            "name": backend.name,
            "provider": backend.provider,
            "protocol": backend.protocol,
            "base_url": backend.base_url,
            "models": backend.models,
            "weight": backend.weight,
            "priority": backend.priority,
            "credential": {"kind": credential.kind, "ref": ref, "origin": credential.origin},
        }
    )


def _compiled(document: bytes, secret_refs: tuple[str, ...]) -> Compiled:
    return Compiled(document, digest(document), secret_refs)


def _moved(name: str, bound_to: str, wanted: str) -> str:
    return f"secret {name!r} may only be sent to {bound_to}, not to {wanted}: give the credential again as api_key"
