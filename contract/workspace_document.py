"""The workspace document, contract v0.3, as far as this release supports it: parts, types and defaults."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from contract.addresses import scheme_of
from contract.fields import (
    WRITTEN,
    ApiKey,
    BaseUrl,
    Duration,
    Endpoint,
    HeaderName,
    HeaderValue,
    IpAddress,
    Items,
    Name,
    Optionally,
    Part,
    Port,
    Price,
    RequestPath,
    Text,
    Variable,
)
from contract.retries import RetryConditions
from contract.router_settings import GlobalSettings
from contract.routes import Route
from contract.routing.choices import Payload
from contract.routing.profile import RoutingProfile
from contract.routing.recipes import Entrypoint, Recipe

Count = Annotated[int, Field(ge=0, le=1_000_000)]


class Listener(Part):
    """A port on which the data plane takes requests; `timeout` is how long a request or its answer may stand still.

    Without `routes` every path leads in, for consumers with a key. With routes, only theirs do.
    """

    name: Name
    address: IpAddress
    port: Port
    timeout: Duration = timedelta(seconds=300)
    routes: Items[Route] = ()


class ReasoningFamily(Part):
    """How a family of models is told to reason."""

    type: Literal["chat_template_kwargs", "reasoning_effort", "top_level_reasoning_effort"]
    parameter: Name


class ProviderDefaults(Part):
    default_model: Optionally[Name] = None
    reasoning_families: dict[Name, ReasoningFamily] = {}
    default_reasoning_effort: Optionally[Name] = None


def _protocol_of(fields: dict[str, Any]) -> Literal["http", "https"]:
    """Written nowhere, the protocol is the address's own scheme: https must never turn into clear text by default."""
    written = fields.get("endpoint") or fields.get("base_url") or ""
    return "https" if scheme_of(written) == "https" else "http"


class BackendRef(Part):
    """One place that serves a model, with its own transport and credential; give `endpoint` or `base_url`.

    Weights give the order of failover, not shares: docs/decisions/0003-weights-are-failover-order.md.
    """

    name: Optionally[Name] = None
    endpoint: Optionally[Endpoint] = None
    base_url: Optionally[BaseUrl] = None
    protocol: Literal["http", "https"] = Field(default_factory=_protocol_of)
    weight: Count = 1
    type: Optionally[Name] = None
    provider: Optionally[Name] = None
    auth_header: Optionally[HeaderName] = None
    auth_prefix: HeaderValue | None = None
    extra_headers: dict[HeaderName, HeaderValue] = {}
    api_version: Optionally[Name] = None
    chat_path: Optionally[RequestPath] = None
    api_key: Optionally[ApiKey] = Field(default=None, repr=False)
    api_key_env: Optionally[Variable] = None


class Pricing(Part):
    """Units of `currency` per 1,000,000 tokens; absent means unknown, which is not free."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$"), WRITTEN] = "USD"
    prompt_per_1m: Price | None = None
    cached_input_per_1m: Price | None = None
    cache_write_per_1m: Price | None = None
    completion_per_1m: Price | None = None


class Reliability(Part):
    """Retries and ejection among the backends of one model."""

    lb_policy: Literal["round_robin", "least_request"] = "round_robin"
    retry_count: Annotated[int, Field(ge=0, le=5)] = 0
    retry_on: Annotated[RetryConditions, WRITTEN] = "connect-failure,refused-stream"
    consecutive_5xx: Count = 0
    base_ejection_time: Duration = timedelta(seconds=30)
    max_ejection_percent: Annotated[int, Field(ge=0, le=100)] = 50
    health_check_path: Optionally[RequestPath] = None
    health_check_interval: Duration = timedelta(seconds=10)
    health_check_timeout: Duration = timedelta(seconds=2)


class ProviderModel(Part):
    """Binds one logical model, which a card describes, to the places that serve it."""

    name: Name
    reasoning_family: Optionally[Name] = None
    provider_model_id: Optionally[Name] = None
    backend_refs: Items[BackendRef] = ()
    pricing: Pricing | None = None
    reliability: Reliability | None = None
    api_format: Optionally[Literal["openai", "anthropic"]] = None
    external_model_ids: dict[Name, Name] = {}


class Providers(Part):
    defaults: ProviderDefaults = ProviderDefaults()
    models: Items[ProviderModel] = ()


class Lora(Part):
    name: Name
    description: Text = ""


class ModelCard(Part):
    """What a model is, whoever serves it."""

    name: Name
    param_size: Optionally[Name] = None
    context_window_size: Annotated[int, Field(ge=1, le=2**53)] | None = None
    description: Text = ""
    capabilities: Items[Name] = ()
    loras: Items[Lora] = ()
    quality_score: Annotated[float, Field(ge=0, le=1)] | None = None
    modality: Optionally[Name] = None
    tags: Items[Name] = ()


class Routing(RoutingProfile):
    """The semantic graph: the models, and the document's own way of routing over them."""

    model_cards: Items[ModelCard] = Field(default=(), alias="modelCards")


class WorkspaceDocument(Part):
    """The one document of a workspace; `parse_workspace` and `read_workspace` check what types cannot."""

    version: Literal["v0.3"]
    listeners: Items[Listener] = ()
    providers: Providers = Providers()
    routing: Annotated[Routing, WRITTEN] = Routing()
    entrypoints: Items[Entrypoint] = ()
    recipes: Items[Recipe] = ()
    setup: Payload | None = None
    global_settings: GlobalSettings = Field(default=GlobalSettings(), alias="global")
