"""What must hold in a consumer document beyond the types of its fields."""

from __future__ import annotations

from typing import Any, Final

from contract.addresses import AddressError, parse_base_url
from contract.backends import origin
from contract.faults import FaultLog, shown, under
from contract.limits import check_budget
from contract.own_secrets import API_KEY, KINDS, own_secret_name
from contract.plain_values import entries, section, text
from contract.provider_types import ANTHROPIC, NEEDS_RELAY, spelled
from contract.secret_refs import SCHEME
from contract.unique_names import check_unique_words

_PROTOCOLS: Final = ("", "openai")


def check_consumer(document: dict[str, Any], log: FaultLog) -> None:
    for key in ("groups", "models"):
        check_unique_words(document, key, "", log)
    check_budget(document, log)
    check_own_backends(document, log)
    _check_mode(document, log)
    for path, backend in entries(document, "backends", "backends"):
        _check_credential(document, backend, under(path, "credential"), log)


def check_own_backends(document: dict[str, Any], log: FaultLog) -> None:
    """What must hold of the backends that a consumer gives, credentials aside."""
    first: dict[str, str] = {}
    places: dict[str, str] = {}
    for path, backend in entries(document, "backends", "backends"):
        name, provider = text(backend, "name"), spelled(text(backend, "provider"))
        if name and name in first:
            log.add(under(path, "name"), "duplicate", f"is a duplicate backend name {shown(name)}, as in {first[name]}")
        first.setdefault(name, path)
        if not provider and not text(backend, "base_url"):
            log.add(path, "required", "requires provider or base_url", "say whose it is, or where it is")
        elif not text(backend, "base_url") and places.setdefault(provider, path) != path:
            problem = f"has {places[provider]} already"
            log.add(under(path, "provider"), "conflict", problem, "give this one a base_url of its own")
        if not provider and text(backend, "base_url") and not backend.get("models"):
            log.add(under(path, "models"), "required", "is required without a provider", "say which models it serves")
        _check_protocol(backend, path, log)
        check_unique_words(backend, "models", path, log)


def _check_protocol(backend: dict[str, Any], path: str, log: FaultLog) -> None:
    for key in ("provider", "protocol"):
        if spelled(text(backend, key)) == ANTHROPIC:
            log.add(under(path, key), "unsupported", NEEDS_RELAY)
    if spelled(text(backend, "protocol")) not in (*_PROTOCOLS, ANTHROPIC):
        log.add(under(path, "protocol"), "value", "should be openai", "write openai, or leave it out")


def _check_mode(document: dict[str, Any], log: FaultLog) -> None:
    if document.get("backends") and not document.get("mode"):
        log.add("mode", "required", "is required beside backends", "write EXCLUSIVE, PREFERRED or FALLBACK")
    if document.get("mode") and not document.get("backends"):
        log.add("mode", "conflict", "means nothing without backends", "take it out, or give backends")


def _check_credential(document: dict[str, Any], backend: dict[str, Any], path: str, log: FaultLog) -> None:
    """A credential is the consumer's own, and goes to one place."""
    credential = section(backend, "credential")
    kind = text(credential, "kind")
    name = own_secret_name(text(document, "consumer_id"), text(backend, "name"), kind if kind in KINDS else API_KEY)
    ref, bound_to, base_url = text(credential, "ref"), text(credential, "origin"), text(backend, "base_url")
    if ref and ref.partition("@")[0] != f"{SCHEME}{name}":
        log.add(under(path, "ref"), "secret", "names a secret that is not this backend's own", "save the backend again")
    if bound_to and base_url and bound_to != _origin(base_url):
        log.add(
            under(path, "origin"),
            "conflict",
            "is not where base_url leads",
            "save the backend with its credential again",
        )


def _origin(base_url: str) -> str:
    try:
        return origin(parse_base_url(base_url))
    except AddressError:
        return base_url  # which has its own fault
