"""Who a caller is to the router, which keys are sent on for them, and how much they may ask."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from contract.fields import Items, Name, Part, says
from contract.router_settings.values import Chosen, HeaderText, Line, NamedSecrets, Place, Whole


class CallerIdentity(Part):
    """The request headers that name the caller and the caller's groups."""

    user_id_header: Annotated[Line, says("with the caller's id")] = ""
    user_groups_header: Annotated[Line, says("with the caller's groups, separated by commas")] = ""


class AuthzProvider(Part):
    """A source of upstream keys: `header-injection` reads them from request headers, `static-config` from here."""

    type: Annotated[Name, says("where keys come from")]
    headers: Annotated[
        dict[Name, HeaderText],
        NamedSecrets(),
        Field(repr=False),
        says("by provider, the request header that holds its key, or the key itself"),
    ] = {}


class Authz(Part):
    """Whose keys the router presents upstream on behalf of a caller."""

    fail_open: Annotated[bool, says("whether a request goes on when no key is found; false: it is refused")] = False
    identity: CallerIdentity = CallerIdentity()
    providers: Annotated[Items[AuthzProvider], says("asked in this order")] = ()


class RateMatch(Part):
    """Whom a rule is for; what is empty matches everybody and everything."""

    user: Annotated[Line, says("the caller's id")] = ""
    group: Annotated[Line, says("one of the caller's groups")] = ""
    model: Annotated[Line, says("the model that is asked for")] = ""


class RateRule(Part):
    """How much may be asked for in a unit of time."""

    name: Annotated[Line, says("what it is called")] = ""
    match: RateMatch = RateMatch()
    requests_per_unit: Annotated[Whole | None, says("requests in a unit of time")] = None
    tokens_per_unit: Annotated[Whole | None, says("tokens in a unit of time")] = None
    unit: Annotated[Chosen[Literal["second", "minute", "hour", "day"] | None], says("the unit of time")] = None


class RateLimitProvider(Part):
    """Who counts requests: a service outside, or the router by rules of its own."""

    type: Annotated[Name, says("who counts, such as envoy-ratelimit or local-limiter")]
    address: Annotated[Place, says("of a service outside: where it is")] = ""
    domain: Annotated[Line, says("of a service outside: which of its sets of limits")] = ""
    rules: Annotated[Items[RateRule], says("of the router's own counting")] = ()


class RateLimit(Part):
    """How much callers may ask for."""

    fail_open: Annotated[bool, says("whether a request goes on when nobody can count it; false: it is refused")] = False
    providers: Annotated[Items[RateLimitProvider], says("asked in this order")] = ()
