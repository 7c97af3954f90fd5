"""What a consumer's own backends make of its models: its own key first, last or alone, as its mode says.

A place that the workspace reaches has a twin without a credential as soon as some consumer's own key counts there. All
of them share it: each one's scope hands its own secret to the twin's hook. Only a place that a consumer brought is a
cluster of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from contract import ConsumerBackend, in_order, is_provider, own_place, parse_secret_ref
from contract.egress import EgressPolicy
from contract.own_credentials import AwsKeys, CredentialError, read_sealed
from contract.own_secrets import AWS, MINTED
from liaison_agent.compiler.gateway import Candidate, Gateway, LeftOut, Model, Place, Scope, Upstream
from liaison_agent.compiler.upstreams import own_upstream, signing_upstream
from liaison_agent.state import Desired

MOST_FIRST = 2  # of three attempts in all, so that who comes second gets one

_NOT_HERE = "the workspace document has no such model"
_NO_SECRET = "its secret has not been delivered"  # noqa: S105 - a sentence
_OTHER_PLACE = "its credential may only be sent to {}, where the workspace reaches nothing of that provider"
_TWICE = "another backend of the consumer presents its credential there"


@dataclass(frozen=True, slots=True)
class Handover:
    """The consumer's secret (its name in Envoy) that this upstream's hook presents, as `Authorization: Bearer …` where
    it is an access token, whatever header the place wants keys in.
    """

    upstream: Upstream
    secret: str
    bearer: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """A consumer's models with its own backends among the candidates, and what they need besides the gateway's own.

    `secrets` maps a secret's name in Envoy to its full reference; `upstreams` are places that only this consumer has,
    `twins` those it may share with others.
    """

    models: tuple[Model, ...]
    handovers: tuple[Handover, ...]
    secrets: tuple[tuple[str, str], ...]
    upstreams: tuple[Upstream, ...]
    twins: tuple[Upstream, ...]
    left_out: tuple[LeftOut, ...]


def with_own_backends(
    gateway: Gateway, scope: Scope, models: tuple[Model, ...], desired: Desired, egress: EgressPolicy
) -> Own:
    """`models` are those that the consumer may use. A backend whose secret is not here serves nothing."""
    return _Reader(gateway, scope, models, desired, egress).read()


def secret_name(backend: ConsumerBackend) -> str:
    """In Envoy: without the version, so that a rotation pushes the secret alone, but with the place, so that no moment
    of a move shows a key to the other place.
    """
    place = hashlib.sha256(backend.credential.origin.encode()).hexdigest()[:8]
    return f"{parse_secret_ref(backend.credential.ref).name}/{place}"


class _Reader:
    """Reads the backends of one consumer."""

    def __init__(
        self, gateway: Gateway, scope: Scope, models: tuple[Model, ...], desired: Desired, egress: EgressPolicy
    ) -> None:
        self._egress = egress
        self._gateway = gateway
        self._scope = scope
        self._models = models
        self._desired = desired
        self._handovers: dict[str, Handover] = {}
        self._secrets: dict[str, str] = {}
        self._upstreams: dict[str, Upstream] = {}
        self._twins: dict[str, Upstream] = {}
        self._left_out: list[LeftOut] = []
        self._meant: set[str] = set()

    def read(self) -> Own:
        served: dict[str, list[Candidate]] = {}
        for backend in in_order(self._scope.backends):
            for model, candidate in self._serving(backend):
                served.setdefault(model, []).append(candidate)
        return Own(
            models=tuple(self._shared(model, served.get(model.name, [])) for model in self._models if self._has(model)),
            handovers=tuple(self._handovers.values()),
            secrets=tuple(self._secrets.items()),
            upstreams=tuple(self._upstreams.values()),
            twins=tuple(self._twins.values()),
            left_out=tuple(self._left_out),
        )

    def _has(self, model: Model) -> bool:
        """Without the platform's, a consumer has only the models that it brought, be their key late or not."""
        return self._scope.mode != "EXCLUSIVE" or model.name in self._meant

    def _shared(self, model: Model, own: list[Candidate]) -> Model:
        mine, platform = tuple(own), model.candidates
        if self._scope.mode == "EXCLUSIVE":
            return replace(model, candidates=mine)
        if not mine or not platform:
            return replace(model, candidates=mine or platform)
        first, second = (mine, platform) if self._scope.mode == "PREFERRED" else (platform, mine)
        return replace(model, candidates=first[:MOST_FIRST] + second)

    def _serving(self, backend: ConsumerBackend) -> Iterator[tuple[str, Candidate]]:
        """The models that this backend serves, unless something about it is missing."""
        found = dict(self._places(backend))
        self._meant.update(found)
        problem = self._problem(backend, found)
        if problem:
            self._leave_out(f"backend {backend.name}", problem)
            return
        if backend.credential.kind == AWS:
            yield from self._signed(backend, found)
            return
        secret = secret_name(backend)
        for model, candidate in found.items():
            bearer = backend.credential.kind in MINTED
            taken = self._handovers.setdefault(candidate.upstream.name, Handover(candidate.upstream, secret, bearer))
            if taken.secret != secret:
                self._leave_out(f"backend {backend.name} for model {model}", _TWICE)
                continue
            self._secrets[secret] = backend.credential.ref
            used = self._upstreams if backend.base_url else self._twins
            used[candidate.upstream.name] = candidate.upstream
            yield model, candidate

    def _signed(self, backend: ConsumerBackend, found: Mapping[str, Candidate]) -> Iterator[tuple[str, Candidate]]:
        """Keys that sign are part of the upstream, so it is the consumer's own wherever it is."""
        try:
            keys = read_sealed(AWS, self._desired.secrets[backend.credential.ref])
        except CredentialError as error:
            self._leave_out(f"backend {backend.name}", str(error))
            return
        if isinstance(keys, AwsKeys):
            for model, candidate in found.items():
                upstream = signing_upstream(candidate.upstream, keys, f"{self._scope.consumer_id}/{backend.name}")
                self._upstreams[upstream.name] = upstream
                yield model, replace(candidate, upstream=upstream)

    def _problem(self, backend: ConsumerBackend, found: Mapping[str, Candidate]) -> str | None:
        credential = backend.credential
        for one in found.values():
            if refused := self._egress.host_problem(one.upstream.host):
                return f"{one.upstream.host} {refused}"
        if self._desired.origins.get(credential.ref, credential.origin) != credential.origin:
            return _OTHER_PLACE.format(self._desired.origins[credential.ref])
        if credential.ref not in self._desired.secrets:
            return self._desired.withheld.get(credential.ref, _NO_SECRET)
        return None if found else _OTHER_PLACE.format(credential.origin)

    def _places(self, backend: ConsumerBackend) -> Iterator[tuple[str, Candidate]]:
        origin, provider = backend.credential.origin, backend.provider or ""
        places = [one for one in self._gateway.places if one.origin == origin and is_provider(one.ref, provider)]
        for name in self._wanted(backend):
            if backend.base_url:
                yield name, _own_upstream(self._scope, backend, name, self._gateway)
            elif places:
                yield name, self._twin(places, provider, name)

    def _wanted(self, backend: ConsumerBackend) -> list[str]:
        """Those it names, else every model whose provider it is; of these, what the consumer may use."""
        allowed = {model.name: None for model in self._models}
        if not backend.models:
            return [name for name in allowed if self._is_of(name, backend)]
        for name in backend.models:
            if name not in self._gateway.catalogue:
                self._leave_out(f"model {name} of backend {backend.name}", _NOT_HERE)
        return [name for name in backend.models if name in allowed]

    def _is_of(self, name: str, backend: ConsumerBackend) -> bool:
        refs = self._gateway.catalogue[name].backend_refs
        return any(is_provider(ref, backend.provider or "") for ref in refs)

    def _twin(self, places: Sequence[Place], provider: str, name: str) -> Candidate:
        """Where the workspace sends this model at that provider; else where it sends any, by the model's own name."""
        here = next((one.candidate for one in places if one.model == name), None)
        if here is not None:
            return here
        external = self._gateway.catalogue[name].external_model_ids
        return Candidate(places[0].candidate.upstream, external.get(provider, name))

    def _leave_out(self, what: str, why: str) -> None:
        self._left_out.append(LeftOut(self._scope.consumer_id, what, why))


def _own_upstream(scope: Scope, backend: ConsumerBackend, model: str, gateway: Gateway) -> Candidate:
    place = own_place(backend, gateway.catalogue.get(model), model)
    return Candidate(own_upstream(place, f"{scope.consumer_id}/{backend.name}"), place.upstream_model)
