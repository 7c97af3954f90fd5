"""Compiles the source document of a workspace, or of a consumer, into the bytes that data planes get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract import (
    ConsumerDocument,
    WorkspaceDocument,
    canonical_bytes,
    digest,
    is_secret_ref,
    iter_backend_secrets,
    parse_secret_ref,
    with_backend_secrets,
)
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
        if stored is None:
            faults.append(FieldFault(secret.path, "unknown_secret", f"no secret {name!r} is stored; give the api_key"))
        elif stored.origin != secret.origin:
            faults.append(FieldFault(secret.path, "secret_origin", _moved(name, stored.origin, secret.origin)))
        else:
            resolved[secret.path] = f"secret://{name}@{stored.version}"
    return resolved, tuple(faults)


def compile_consumer(source: ConsumerDocument) -> Compiled:
    """A consumer's overlay refers to nothing else, so it always compiles."""
    return _compiled(canonical_bytes(source), ())


def _compiled(document: bytes, secret_refs: tuple[str, ...]) -> Compiled:
    return Compiled(document, digest(document), secret_refs)


def _moved(name: str, bound_to: str, wanted: str) -> str:
    return f"secret {name!r} may only be sent to {bound_to}, not to {wanted}: give the credential again as api_key"
