"""Who a caller is to the router, which keys are sent on for them, and how much they may ask."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from contract.fields import Items, Name, Part
from contract.router_settings.values import Chosen, HeaderText, Line, NamedSecrets, Place, Whole


class CallerIdentity(Part):
    """The request headers that name the caller and the caller's groups."""

    user_id_header: Line = ""
    user_groups_header: Line = ""


class AuthzProvider(Part):
    """A source of upstream keys: `header-injection` reads them from request headers, `static-config` from here."""

    type: Name
    headers: Annotated[dict[Name, HeaderText], NamedSecrets(), Field(repr=False)] = {}


class Authz(Part):
    fail_open: bool = False
    identity: CallerIdentity = CallerIdentity()
    providers: Items[AuthzProvider] = ()


class RateMatch(Part):
    user: Line = ""
    group: Line = ""
    model: Line = ""


class RateRule(Part):
    name: Line = ""
    match: RateMatch = RateMatch()
    requests_per_unit: Whole | None = None
    tokens_per_unit: Whole | None = None
    unit: Chosen[Literal["second", "minute", "hour", "day"] | None] = None


class RateLimitProvider(Part):
    type: Name
    address: Place = ""
    domain: Line = ""
    rules: Items[RateRule] = ()


class RateLimit(Part):
    fail_open: bool = False
    providers: Items[RateLimitProvider] = ()
