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
    says,
)
from contract.retries import RetryConditions
from contract.router_settings import GlobalSettings
from contract.routes import Route
from contract.routing.profile import RoutingProfile
from contract.routing.recipes import Entrypoint, Recipe
from contract.routing.values import Payload

Count = Annotated[int, Field(ge=0, le=1_000_000)]


class Listener(Part):
    """A port on which the data plane takes requests; `timeout` is how long a request or its answer may stand still.

    Without `routes` every path leads in, for consumers with a key. With routes, only theirs do.
    """

    name: Annotated[Name, says("what people call it; unique in the document")]
    address: Annotated[IpAddress, says("0.0.0.0 and :: take the port on every address")]
    port: Annotated[Port, says("where it listens; unique among listeners whose addresses overlap")]
    timeout: Annotated[Duration, says("how long a request or its answer may stand still")] = timedelta(seconds=300)
    api_keys: Annotated[Items[ApiKey], says("no data plane takes them: callers present consumer keys")] = Field(
        default=(), repr=False
    )
    routes: Annotated[
        Items[Route], says("front doors by path; none: every path leads in, for consumers with a key")
    ] = ()


class ReasoningFamily(Part):
    """How a family of models is told to reason."""

    type: Annotated[
        Literal["chat_template_kwargs", "reasoning_effort", "top_level_reasoning_effort"],
        says("where a request says how much to reason"),
    ]
    parameter: Annotated[Name, says("the key that says it")]


class ProviderDefaults(Part):
    """What holds for every model that does not say otherwise."""

    default_model: Annotated[Optionally[Name], says("a card, or a LoRA of one")] = None
    reasoning_families: Annotated[dict[Name, ReasoningFamily], says("by name, as models refer to them")] = {}
    default_reasoning_effort: Annotated[Optionally[Name], says("for decisions that name none")] = None


def _protocol_of(fields: dict[str, Any]) -> Literal["http", "https"]:
    """Written nowhere, the protocol is the address's own scheme: https must never turn into clear text by default."""
    written = fields.get("endpoint") or fields.get("base_url") or ""
    return "https" if scheme_of(written) == "https" else "http"


class BackendRef(Part):
    """One place that serves a model, with its own transport and credential; give `endpoint` or `base_url`.

    Weights give the order of failover, not shares: docs/decisions/0003-weights-are-failover-order.md.
    """

    name: Annotated[Optionally[Name], says("unique in its model; where it stands if not written")] = None
    endpoint: Annotated[Optionally[Endpoint], says("host:port, or host:port/path")] = None
    base_url: Annotated[Optionally[BaseUrl], says("a URL that the chat path is appended to")] = None
    protocol: Annotated[
        Literal["http", "https"], says("how an endpoint without a scheme is reached; a base_url's own scheme counts")
    ] = Field(default_factory=_protocol_of)
    weight: Annotated[Count, says("the greatest is tried first, the others are its failover")] = 1
    type: Annotated[Optionally[Name], says("which provider this is, for its defaults")] = None
    provider: Annotated[Optionally[Name], says("which provider this is, where type does not tell")] = None
    auth_header: Annotated[Optionally[HeaderName], says("the credential's header, instead of the provider's own")] = (
        None
    )
    auth_prefix: Annotated[HeaderValue | None, says("what stands before the credential; empty for none")] = None
    extra_headers: Annotated[dict[HeaderName, HeaderValue], says("sent with every request; no credentials")] = {}
    api_version: Annotated[Optionally[Name], says("the version of the API, for azure-openai")] = None
    chat_path: Annotated[Optionally[RequestPath], says("of chat completions, instead of the provider's own")] = None
    api_key: Annotated[
        Optionally[ApiKey],
        says("the credential, as secret://<name>; a literal one is taken out and sealed when the document is put"),
    ] = Field(default=None, repr=False)
    api_key_env: Annotated[
        Optionally[Variable], says("the variable of the data plane that holds the credential; api_key wins")
    ] = None


class Pricing(Part):
    """Units of `currency` per 1,000,000 tokens; absent means unknown, which is not free."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$"), WRITTEN, says("in capital letters, as in ISO 4217")] = "USD"
    prompt_per_1m: Annotated[Price | None, says("for tokens of the request")] = None
    cached_input_per_1m: Annotated[
        Price | None, says("for tokens of the request that the provider read from its cache")
    ] = None
    cache_write_per_1m: Annotated[
        Price | None, says("for tokens of the request that the provider wrote to its cache")
    ] = None
    completion_per_1m: Annotated[Price | None, says("for tokens of the answer")] = None


class Reliability(Part):
    """Retries and ejection among the backends of one model."""

    lb_policy: Annotated[Literal["round_robin", "least_request"], says("among backends of the same weight")] = (
        "round_robin"
    )
    retry_count: Annotated[int, Field(ge=0, le=5), says("above 0 retry_on has to be written")] = 0
    retry_on: Annotated[RetryConditions, WRITTEN, says("Envoy's conditions, separated by commas")] = (
        "connect-failure,refused-stream"
    )
    consecutive_5xx: Annotated[Count, says("after so many a backend is left out for a while; 0 never")] = 0
    base_ejection_time: Annotated[Duration, says("for how long, the first time")] = timedelta(seconds=30)
    max_ejection_percent: Annotated[int, Field(ge=0, le=100), says("of the backends at once")] = 50
    health_check_path: Annotated[Optionally[RequestPath], says("asked regularly when written")] = None
    health_check_interval: Annotated[Duration, says("from one health check of a backend to the next")] = timedelta(
        seconds=10
    )
    health_check_timeout: Annotated[
        Duration, says("how long a health check may take; one that takes longer has failed")
    ] = timedelta(seconds=2)


class ProviderModel(Part):
    """Binds one logical model, which a card describes, to the places that serve it."""

    name: Annotated[Name, says("what callers ask for; has a card")]
    reasoning_family: Annotated[Optionally[Name], says("one of providers.defaults.reasoning_families")] = None
    provider_model_id: Annotated[Optionally[Name], says("what providers call it; the name if not written")] = None
    backend_refs: Annotated[
        Items[BackendRef], says("the places that serve it; none: the model is known, but not served")
    ] = ()
    pricing: Pricing | None = None
    reliability: Reliability | None = None
    api_format: Annotated[Optionally[Literal["openai", "anthropic"]], says("the protocol that its backends speak")] = (
        None
    )
    external_model_ids: Annotated[
        dict[Name, Name], says("by a backend's type, its provider's name for the model; wins")
    ] = {}


class Providers(Part):
    """Who serves the models, and what holds for all of them."""

    defaults: ProviderDefaults = ProviderDefaults()
    models: Annotated[Items[ProviderModel], says("one entry for each model that a card describes")] = ()


class Lora(Part):
    """An adapter of a model; callers may ask for it by its name."""

    name: Annotated[Name, says("what callers ask for; unique among cards and adapters")]
    description: Annotated[Text, says("for people, and for algorithms that choose by descriptions")] = ""


class ModelCard(Part):
    """What a model is, whoever serves it."""

    name: Annotated[Name, says("what callers and decisions call it; unique among cards and adapters")]
    param_size: Annotated[Optionally[Name], says("such as 8B")] = None
    context_window_size: Annotated[
        Annotated[int, Field(ge=1, le=2**53)] | None, says("tokens of a request and its answer")
    ] = None
    description: Annotated[Text, says("for people, and for algorithms that choose by descriptions")] = ""
    capabilities: Annotated[
        Items[Name], says("what it can do, in words of your own; for algorithms that choose by them")
    ] = ()
    loras: Annotated[Items[Lora], says("adapters that are served where the model is")] = ()
    quality_score: Annotated[Annotated[float, Field(ge=0, le=1)] | None, says("compared by algorithms that choose")] = (
        None
    )
    modality: Annotated[Optionally[Name], says("what it gives out, in a word of your own, such as text")] = None
    tags: Annotated[Items[Name], says("words of your own; nothing follows from them")] = ()


class Routing(RoutingProfile):
    """The semantic graph: the models, and the document's own way of routing over them."""

    model_cards: Annotated[Items[ModelCard], says("one card for each model that may be asked for")] = Field(
        default=(), alias="modelCards"
    )


class WorkspaceDocument(Part):
    """The one document of a workspace; `parse_workspace` and `read_workspace` check what types cannot."""

    version: Annotated[Literal["v0.3"], says("always v0.3")]
    listeners: Annotated[Items[Listener], says("the ports on which data planes take requests")] = ()
    providers: Providers = Providers()
    routing: Annotated[Routing, WRITTEN] = Routing()
    entrypoints: Annotated[Items[Entrypoint], says("names that callers may ask for, and the recipes that answer")] = ()
    recipes: Annotated[Items[Recipe], says("further ways of routing over the same models")] = ()
    setup: Annotated[Payload | None, says("kept for the source system's command line")] = None
    global_settings: GlobalSettings = Field(default=GlobalSettings(), alias="global")
