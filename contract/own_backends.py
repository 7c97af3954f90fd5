"""A consumer's own backends ("bring your own key"): which provider each means, and what its secret is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contract.addresses import parse_base_url
from contract.backends import ResolvedBackend, address_of, origin, resolve_backend
from contract.consumer_document import ConsumerBackend, OwnBackend
from contract.consumer_rules import check_own_backends
from contract.faults import FaultLog
from contract.fields import MOST_KEY_SIGNS, Items, Part
from contract.plain_values import plain
from contract.provider_types import spelled
from contract.secret_refs import is_secret_ref
from contract.structure import Fitting, Retired, build
from contract.workspace_document import BackendRef, ProviderModel, WorkspaceDocument


class _OwnSet(Part):
    backends: Items[OwnBackend] = ()


def parse_own_backends(raw: Sequence[Mapping[str, Any]]) -> tuple[OwnBackend, ...]:
    """Backends as a consumer gives them, without their credentials. Raises ContractError with every fault."""
    log = FaultLog()
    fitted = Fitting(Retired(), log).fit(plain({"backends": list(raw)}, log), _OwnSet)
    check_own_backends(fitted, log)
    found = build(fitted, _OwnSet, log)
    log.raise_if_any()
    return found.backends if found else ()


def api_key_problem(value: str) -> str | None:
    """Why this cannot be a consumer's key; None when it can. Never repeats it."""
    if not 1 <= len(value) <= MOST_KEY_SIGNS:
        return f"should have 1 to {MOST_KEY_SIGNS} signs"
    if is_secret_ref(value):
        return "should be the key itself, not the name of a secret"
    if not value.isascii() or not value.isprintable() or value != value.strip():
        return "should be one line of ASCII without surrounding whitespace"
    return None


def is_provider(ref: BackendRef, provider: str) -> bool:
    """Whether a backend of the workspace is at the provider that this word means: its provider, type or name."""
    return spelled(provider) in {spelled(word) for word in (ref.provider, ref.type, ref.name) if word}


def origins_of(document: WorkspaceDocument, provider: str) -> tuple[str, ...]:
    """Where the workspace reaches that provider, each origin once, sorted."""
    refs = (ref for model in document.providers.models for ref in model.backend_refs if is_provider(ref, provider))
    return tuple(sorted({origin(address_of(ref)) for ref in refs}))


def origin_of_url(base_url: str) -> str:
    """`https://host:port` of a base URL that the contract accepted."""
    return origin(parse_base_url(base_url))


def own_place(backend: OwnBackend, model: ProviderModel | None, name: str) -> ResolvedBackend:
    """The place that a `base_url` of the consumer's own names, for the model that clients call `name`.

    The provider calls the model what the workspace says of that provider, else by its name.
    """
    provider = backend.provider or "vllm"
    ref = BackendRef(base_url=backend.base_url, type=provider)
    known = model if model and any(is_provider(one, provider) for one in model.backend_refs) else None
    upstream = known.provider_model_id if known else None
    external = model.external_model_ids if model else {}
    named = ProviderModel(name=name, provider_model_id=upstream, external_model_ids=external)
    return resolve_backend(named, ref)


def in_order(backends: Sequence[ConsumerBackend]) -> tuple[ConsumerBackend, ...]:
    """The order of failover: priority ascending, then weight descending, ties as they stand."""
    return tuple(sorted(backends, key=lambda one: (one.priority, -one.weight)))
