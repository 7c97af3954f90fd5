"""The resolved view of a backend: what the document leaves to defaults is filled in, nothing is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contract.addresses import Address, parse_base_url, parse_endpoint
from contract.provider_types import DEFAULT_TYPE, PROVIDER_TYPES, ProviderType, provider_type_of
from contract.secret_refs import SecretRef, is_secret_ref, parse_secret_ref
from contract.workspace_document import BackendRef, ProviderModel


@dataclass(frozen=True, slots=True)
class ResolvedBackend:
    """Everything needed to send a chat completion to one backend.

    `host` is lower case without brackets. `base_path` is empty or `/v1`-like. `chat_path` is the whole request path
    with its query. `auth_header` and the names in `extra_headers` are lower case; the credential is sent as
    `<auth_prefix> <secret>`, or bare when the prefix is empty, and only when there is a `secret_ref` or, in its place,
    a `key_variable`, the environment variable of the data plane that holds it (empty for none). An inline credential,
    which a delivered document never holds, does not appear here. `upstream_model` is what the provider calls the model.
    """

    scheme: str
    host: str
    port: int
    base_path: str
    chat_path: str
    auth_header: str
    auth_prefix: str
    extra_headers: Mapping[str, str]
    secret_ref: SecretRef | None
    key_variable: str
    upstream_model: str

    @property
    def origin(self) -> str:
        """`https://host:port`; a credential is bound to exactly this spelling."""
        return origin(Address(self.scheme, self.host, self.port, self.base_path))


def resolve_backend(model: ProviderModel, ref: BackendRef) -> ResolvedBackend:
    """Pure; both arguments come from a document that was parsed or read."""
    kind = PROVIDER_TYPES[provider_type_of(ref.type, ref.provider)]
    address = address_of(ref)
    return ResolvedBackend(
        scheme=address.scheme,
        host=address.host,
        port=address.port,
        base_path=address.path,
        chat_path=_chat_path(kind, ref, address.path),
        auth_header=(ref.auth_header or kind.auth_header).lower(),
        auth_prefix=kind.auth_prefix if ref.auth_prefix is None else ref.auth_prefix,
        extra_headers={name.lower(): value for name, value in ref.extra_headers.items()},
        secret_ref=parse_secret_ref(ref.api_key) if ref.api_key and is_secret_ref(ref.api_key) else None,
        key_variable="" if ref.api_key else ref.api_key_env or "",
        upstream_model=_upstream_model(model, ref),
    )


def ordered_backends(model: ProviderModel) -> tuple[BackendRef, ...]:
    """The order of failover: weight descending, ties in document order."""
    return tuple(sorted(model.backend_refs, key=lambda ref: -ref.weight))


def address_of(ref: BackendRef) -> Address:
    return parse_base_url(ref.base_url) if ref.base_url else parse_endpoint(ref.endpoint or "", ref.protocol)


def origin(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{address.scheme}://{host}:{address.port}"


def _chat_path(kind: ProviderType, ref: BackendRef, base_path: str) -> str:
    if ref.chat_path:
        path = base_path + ref.chat_path
    elif base_path or (ref.base_url and not kind.is_bare_server):
        path = base_path + kind.chat_suffix
    else:
        path = kind.bare_chat_path
    if kind.takes_api_version and ref.api_version:
        path += ("&" if "?" in path else "?") + f"api-version={ref.api_version}"
    return path


def _upstream_model(model: ProviderModel, ref: BackendRef) -> str:
    type_name = ref.type or ref.provider or DEFAULT_TYPE
    return model.external_model_ids.get(type_name) or model.provider_model_id or model.name
