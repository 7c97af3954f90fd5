"""From delivered documents to the intermediate form; only what cannot take effect is left out, and reported."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple, replace

from contract import (
    ProviderModel,
    Reliability,
    ResolvedBackend,
    WorkspaceDocument,
    backend_name,
    ordered_backends,
    resolve_backend,
)
from contract import read_consumer as read_consumer_document
from contract import read_workspace as read_workspace_document
from liaison_agent.compiler.gateway import Candidate, Gateway, LeftOut, Listener, Model, Scope, Upstream, Watch
from liaison_agent.state import WORKSPACE_USER_ID, Configuration

_CREDENTIAL_LACKS = "its secret has not been delivered"
_OTHER_PLACE = "its secret was given for {}, and is sent nowhere else; give the credential again"


def read_workspace(
    configuration: Configuration, delivered: Collection[str], origins: Mapping[str, str], port_offset: int
) -> tuple[Gateway, tuple[LeftOut, ...]]:
    """The gateway that a workspace document asks for. `delivered` holds the references whose secrets are at hand,
    `origins` the only place that each may be sent to.

    Raises `contract.ContractError` when the document cannot be read.
    """
    document = read_workspace_document(configuration.document)
    reader = _WorkspaceReader(document, delivered, origins)
    models = tuple(reader.read(model) for model in document.providers.models)
    gateway = Gateway(
        version=configuration.version,
        digest=configuration.digest,
        listeners=tuple(
            Listener(one.name, str(one.address), one.port + port_offset, one.timeout) for one in document.listeners
        ),
        models=models,
        secrets=tuple(sorted(reader.secrets.items())),
    )
    return gateway, tuple(reader.left_out)


def read_consumer(configuration: Configuration) -> Scope:
    """What a consumer document allows. Raises `contract.ContractError` when it cannot be read."""
    document = read_consumer_document(configuration.document)
    return Scope(document.consumer_id, document.enabled, tuple(document.models) or None)


def allowed_models(gateway: Gateway, scope: Scope) -> tuple[tuple[Model, ...], tuple[LeftOut, ...]]:
    """The models that a consumer with a list gets, in the workspace's order, and those that the workspace lacks."""
    wanted = set(scope.models or ())
    found = tuple(model for model in gateway.models if model.name in wanted)
    lacking = wanted - {model.name for model in found}
    why = "the workspace document has no such model"
    return found, tuple(LeftOut(scope.consumer_id, f"model {name}", why) for name in sorted(lacking))


class _WorkspaceReader:
    """Reads the models of one document, and gathers the secrets they use and what had to be left out."""

    def __init__(self, document: WorkspaceDocument, delivered: Collection[str], origins: Mapping[str, str]) -> None:
        self.secrets: dict[str, str] = {}
        self.left_out: list[LeftOut] = []
        self._delivered = delivered
        self._origins = origins
        self._names = _secret_names(document)

    def read(self, model: ProviderModel) -> Model:
        candidates: list[Candidate] = []
        watch = _watch(model.reliability)
        for ref in ordered_backends(model):
            backend = resolve_backend(model, ref)
            reference = str(backend.secret_ref) if backend.secret_ref else ""
            lacks = self._lacks(backend, reference)
            if lacks is None:
                self._add(candidates, backend, reference, watch)
                continue
            what = f"backend {backend_name(ref.name, model.backend_refs.index(ref))} of model {model.name}"
            self.left_out.append(LeftOut(WORKSPACE_USER_ID, what, lacks))
        wanted = model.reliability
        if wanted is None or not wanted.retry_count:
            return Model(model.name, tuple(candidates))
        return Model(model.name, tuple(candidates), wanted.retry_count, wanted.retry_on)

    def _lacks(self, backend: ResolvedBackend, reference: str) -> str | None:
        """Why a backend cannot have its credential."""
        if reference and reference not in self._delivered:
            return _CREDENTIAL_LACKS
        place = self._origins.get(reference, backend.origin)
        return None if place == backend.origin else _OTHER_PLACE.format(place)

    def _add(self, candidates: list[Candidate], backend: ResolvedBackend, reference: str, watch: Watch) -> None:
        """An account used twice under one model name adds nothing; under another name, it is another place."""
        secret = self._names[reference] if reference else ""
        upstream = _upstream(backend, secret, watch, 0)
        taken = {one.upstream.name: one.model for one in candidates}
        while upstream.name in taken:
            if taken[upstream.name] == backend.upstream_model:
                return
            upstream = _upstream(backend, secret, watch, upstream.variant + 1)
        if secret:
            self.secrets[secret] = reference
        candidates.append(Candidate(upstream, backend.upstream_model))


def _secret_names(document: WorkspaceDocument) -> dict[str, str]:
    """Full reference → name in Envoy. The version is in the name only where a document uses several of one secret."""
    references = {ref for model in document.providers.models for ref in _references(model)}
    versions: dict[str, list[str]] = {}
    for name, reference in references:
        versions.setdefault(name, []).append(reference)
    return {
        reference: f"secret/{name}" if len(versions[name]) == 1 else f"secret/{reference.removeprefix('secret://')}"
        for name, reference in references
    }


def _references(model: ProviderModel) -> Iterable[tuple[str, str]]:
    for ref in model.backend_refs:
        secret = resolve_backend(model, ref).secret_ref
        if secret is not None:
            yield secret.name, str(secret)


def _upstream(backend: ResolvedBackend, secret: str, watch: Watch, variant: int) -> Upstream:
    prefix = f"{backend.auth_prefix} " if backend.auth_prefix else ""
    extra = tuple(sorted(backend.extra_headers.items()))
    account = [backend.scheme, backend.host, backend.port, backend.chat_path, backend.auth_header, prefix, secret]
    watched = [] if watch == Watch() else [str(part) for part in astuple(watch)]
    identity = json.dumps([*account, extra, variant, *watched])
    name = f"{backend.host}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    return Upstream(
        name=name,
        scheme=backend.scheme,
        host=backend.host,
        port=backend.port,
        path=backend.chat_path,
        auth_header=backend.auth_header,
        auth_prefix=prefix,
        secret=secret,
        extra_headers=extra,
        variant=variant,
        watch=watch,
    )


def _watch(wanted: Reliability | None) -> Watch:
    """Only what takes effect, so that two models that mean the same share an upstream."""
    if wanted is None:
        return Watch()
    watch = Watch(balance=wanted.lb_policy.upper())
    if wanted.consecutive_5xx:
        ejected = wanted.max_ejection_percent
        watch = replace(
            watch, failures=wanted.consecutive_5xx, ejection=wanted.base_ejection_time, most_ejected=ejected
        )
    if wanted.health_check_path:
        every, within = wanted.health_check_interval, wanted.health_check_timeout
        watch = replace(watch, probe_path=wanted.health_check_path, probe_every=every, probe_timeout=within)
    return watch
