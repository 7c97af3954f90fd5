"""From delivered documents to the intermediate form; only what cannot take effect is left out, and reported."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from contract import (
    BackendRef,
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
from contract.adapters import served_models
from contract.egress import EgressPolicy
from liaison_agent.compiler.gateway import Candidate, Gateway, LeftOut, Listener, Model, Place, Scope, Watch
from liaison_agent.compiler.options import reference_of, variable_of
from liaison_agent.compiler.upstreams import twin_of, upstream_of
from liaison_agent.state import WORKSPACE_USER_ID, Configuration

_CREDENTIAL_LACKS = "its secret has not been delivered"
_VARIABLE_LACKS = "{0} is no variable that documents may name here; start the agent with --key-variable {0}"
_OTHER_PLACE = "its secret was given for {}, and is sent nowhere else; give the credential again"


def read_workspace(
    configuration: Configuration,
    delivered: Collection[str],
    origins: Mapping[str, str],
    port_offset: int,
    egress: EgressPolicy,
) -> tuple[Gateway, tuple[LeftOut, ...]]:
    """The gateway that a workspace document asks for. `delivered` holds the references whose secrets are at hand,
    `origins` the only place that each may be sent to, `egress` where requests may go at all.

    Raises `contract.ContractError` when the document cannot be read.
    """
    document = read_workspace_document(configuration.document)
    reader = _WorkspaceReader(document, delivered, origins, egress)
    served = served_models(document)
    models = tuple(reader.read(model) for model in served)
    gateway = Gateway(
        version=configuration.version,
        digest=configuration.digest,
        listeners=tuple(
            Listener(one.name, str(one.address), one.port + port_offset, one.timeout) for one in document.listeners
        ),
        models=models,
        secrets=tuple(sorted(reader.secrets.items())),
        places=tuple(reader.places),
        catalogue={model.name: model for model in served},
    )
    return gateway, tuple(reader.left_out)


def read_consumer(configuration: Configuration) -> Scope:
    """What a consumer document allows. Raises `contract.ContractError` when it cannot be read."""
    document = read_consumer_document(configuration.document)
    models = tuple(document.models) or None
    return Scope(document.consumer_id, document.enabled, models, tuple(document.backends), document.mode or "")


def allowed_models(gateway: Gateway, scope: Scope) -> tuple[tuple[Model, ...], tuple[LeftOut, ...]]:
    """The models that a consumer with a list gets, in the workspace's order, and those that the workspace lacks."""
    if scope.models is None:
        return gateway.models, ()
    wanted = set(scope.models)
    found = tuple(model for model in gateway.models if model.name in wanted)
    lacking = wanted - {model.name for model in found}
    why = "the workspace document has no such model"
    return found, tuple(LeftOut(scope.consumer_id, f"model {name}", why) for name in sorted(lacking))


class _WorkspaceReader:
    """Reads the models of one document, and gathers the secrets they use and what had to be left out."""

    def __init__(
        self, document: WorkspaceDocument, delivered: Collection[str], origins: Mapping[str, str], egress: EgressPolicy
    ) -> None:
        self.secrets: dict[str, str] = {}
        self.left_out: list[LeftOut] = []
        self.places: list[Place] = []
        self._delivered = delivered
        self._origins = origins
        self._egress = egress
        self._names = _secret_names(document)

    def read(self, model: ProviderModel) -> Model:
        candidates: list[Candidate] = []
        watch = _watch(model.reliability)
        for ref in ordered_backends(model):
            backend = resolve_backend(model, ref)
            if self._egress.host_problem(backend.host) is None:
                self._add_place(model, ref, backend, watch)
            reference = _reference(backend)
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

    def _add_place(self, model: ProviderModel, ref: BackendRef, backend: ResolvedBackend, watch: Watch) -> None:
        """Where consumers' own keys count, whether the platform's has come or not."""
        known = {one.candidate.upstream.name: one.candidate.model for one in self.places if one.model == model.name}
        variant = 0
        twin = twin_of(backend, watch, variant)
        while known.get(twin.name, backend.upstream_model) != backend.upstream_model:
            variant += 1
            twin = twin_of(backend, watch, variant)
        self.places.append(Place(model.name, ref, backend.origin, Candidate(twin, backend.upstream_model)))

    def _lacks(self, backend: ResolvedBackend, reference: str) -> str | None:
        """Why a backend cannot be reached, or cannot have its credential."""
        if problem := self._egress.host_problem(backend.host):
            return f"{backend.host} {problem}"
        if reference and reference not in self._delivered:
            variable = variable_of(reference)
            return _VARIABLE_LACKS.format(variable) if variable else _CREDENTIAL_LACKS
        place = self._origins.get(reference, backend.origin)
        return None if place == backend.origin else _OTHER_PLACE.format(place)

    def _add(self, candidates: list[Candidate], backend: ResolvedBackend, reference: str, watch: Watch) -> None:
        """An account used twice under one model name adds nothing; under another name, it is another place."""
        secret = self._names[reference] if reference else ""
        upstream = upstream_of(backend, secret, watch, 0)
        taken = {one.upstream.name: one.model for one in candidates}
        while upstream.name in taken:
            if taken[upstream.name] == backend.upstream_model:
                return
            upstream = upstream_of(backend, secret, watch, upstream.variant + 1)
        if secret:
            self.secrets[secret] = reference
        candidates.append(Candidate(upstream, backend.upstream_model))


def _secret_names(document: WorkspaceDocument) -> dict[str, str]:
    """Full reference → name in Envoy. The version is in the name only where a document uses several of one secret."""
    backends = [resolve_backend(model, ref) for model in document.providers.models for ref in model.backend_refs]
    variables = {one.key_variable for one in backends if one.key_variable}
    references = {(one.secret_ref.name, str(one.secret_ref)) for one in backends if one.secret_ref}
    versions: dict[str, list[str]] = {}
    for name, reference in references:
        versions.setdefault(name, []).append(reference)
    delivered = {
        reference: f"secret/{name}" if len(versions[name]) == 1 else f"secret/{reference.removeprefix('secret://')}"
        for name, reference in references
    }
    return delivered | {reference_of(name): f"variable/{name}" for name in variables}


def _reference(backend: ResolvedBackend) -> str:
    """What its credential is found by; empty when it needs none."""
    if backend.secret_ref is not None:
        return str(backend.secret_ref)
    return reference_of(backend.key_variable) if backend.key_variable else ""


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
