"""Front doors: which paths of a listener lead in, who may enter, and how many places are tried. Our own extension."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from contract.faults import FaultLog, shown, under
from contract.fields import Items, Name, Optionally, Part, refuse, says
from contract.plain_values import entries, text
from contract.routing.values import Payload
from contract.unique_names import check_unique_words
from contract.words import known_word

Auth = Literal["consumer_keys", "passthrough", "none"]
PluginType = Literal["guard", "prompt_compressor"]

_SEGMENT: Final = re.compile(r"[A-Za-z0-9._~-]+")
_DOTS: Final = (".", "..")
_REMEDY: Final = "write it as callers do, such as /team-a"


def _prefix(value: str) -> str:
    if not value.startswith("/"):
        raise refuse("value", "should start with a slash", _REMEDY)
    if value == "/":
        return value
    segments = value[1:].split("/")
    if segments[-1] == "":
        raise refuse("value", "should not end with a slash", "leave it out: whole segments are compared")
    if any(segment in ("", *_DOTS) for segment in segments):
        raise refuse("value", "should have no empty segments, no . and no ..", _REMEDY)
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise refuse("value", "should hold letters, digits and . _ ~ - between its slashes", _REMEDY)
    return value


Prefix = Annotated[str, StringConstraints(max_length=256), AfterValidator(_prefix)]


class RoutePlugin(Part):
    """Something that looks at the requests of a route, or changes them. `name` tells two of one type apart."""

    type: Annotated[
        PluginType,
        known_word(PluginType, "route plugin type"),
        says("what it does: looks for what must not pass, or shortens prompts"),
    ]
    name: Annotated[Optionally[Name], says("tells two plugins of one type apart")] = None
    configuration: Annotated[Payload, says("the plugin's own settings, passed on as they are")]


class Route(Part):
    """A front door: requests under `prefix`, compared by whole segments; the longest prefix counts.

    `auth` says what callers show: `consumer_keys`, a key that we issued; `passthrough`, the provider's own credential,
    which is passed on; `none`, nothing. With `groups` only consumers of one of these groups may enter, and those who
    are in no group at all. At most `max_attempts` places are tried for a request.
    """

    prefix: Annotated[Prefix, says("where a path has to begin, in whole segments; unique in its listener")]
    auth: Annotated[
        Auth,
        known_word(Auth, "way to authenticate"),
        says("what callers show: a key of ours, the provider's own credential, or nothing"),
    ] = "consumer_keys"
    groups: Annotated[
        Items[Name], says("who may enter: consumers of one of them, or of none; none named: everybody")
    ] = ()
    max_attempts: Annotated[int, Field(ge=1, le=10), says("how many places are tried for one request at the most")] = 2
    plugins: Annotated[Items[RoutePlugin], says("what looks at the requests of this route, in this order")] = ()


def check_routes(listener: dict[str, Any], path: str, log: FaultLog) -> None:
    """What must hold among the routes of one listener."""
    first: dict[str, str] = {}
    for at, route in entries(listener, "routes", under(path, "routes")):
        prefix = text(route, "prefix")
        if prefix and first.setdefault(prefix, at) != at:
            message = f"is a duplicate prefix {shown(prefix)}, as in {first[prefix]}"
            log.add(under(at, "prefix"), "duplicate", message, "write what both say in one route")
        if route.get("groups") and text(route, "auth") in ("passthrough", "none"):
            message = f"means nothing with auth {text(route, 'auth')}: no consumer is known"
            log.add(under(at, "groups"), "conflict", message, "take groups out, or use consumer_keys")
        check_unique_words(route, "groups", at, log)
        _check_plugins(route, at, log)


def _check_plugins(route: dict[str, Any], path: str, log: FaultLog) -> None:
    first: dict[tuple[str, str], str] = {}
    for at, plugin in entries(route, "plugins", under(path, "plugins")):
        key = text(plugin, "type"), text(plugin, "name")
        if key[0] and first.setdefault(key, at) != at:
            message = f"is a second plugin of type {shown(key[0])}, as in {first[key]}"
            log.add(under(at, "type"), "duplicate", message, "give each a name of its own, or keep one")
