"""What must hold inside `global.router`, `services`, `stores` and `integrations`."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Final

from contract.faults import FaultLog, shown, under
from contract.plain_values import entries, section, text

_AUTHZ_TYPES: Final = ("header-injection", "static-config")
_LIMITER_TYPES: Final = ("envoy-ratelimit", "local-limiter")


def check_router(router: dict[str, Any], log: FaultLog) -> None:
    path = "global.router"
    hybrid = section(section(router, "model_selection"), "hybrid")
    if "elo_weight" in hybrid:
        at = f"{path}.model_selection.hybrid.elo_weight"
        if "experience_weight" in hybrid:
            log.add(at, "conflict", "is the earlier name of experience_weight, which stands beside it", "take it out")
        log.warn(at, "deprecated", "is the earlier name of experience_weight", "write experience_weight")
    store = section(section(router, "learning"), "state_store")
    if text(store, "backend").strip() == "redis" and not text(section(store, "redis"), "address").strip():
        log.add(
            f"{path}.learning.state_store.redis.address",
            "required",
            "is required for the backend redis",
            "write host:port",
        )


def check_services(services: dict[str, Any], log: FaultLog) -> None:
    _check_management(section(services, "management_api"), log)
    for path, provider in entries(section(services, "authz"), "providers", "global.services.authz.providers"):
        _check_known(provider, path, _AUTHZ_TYPES, log)
        for name, header in section(provider, "headers").items():
            if text(provider, "type") == "header-injection" and header == "":
                log.add(
                    under(under(path, "headers"), name),
                    "required",
                    "names no header",
                    "name one, or take the provider out",
                )
    for path, provider in entries(section(services, "ratelimit"), "providers", "global.services.ratelimit.providers"):
        _check_known(provider, path, _LIMITER_TYPES, log)
        if text(provider, "type") == "envoy-ratelimit" and not provider.get("address"):
            log.add(under(path, "address"), "required", "is required by envoy-ratelimit", "write host:port")
        if text(provider, "type") == "local-limiter" and not provider.get("rules"):
            log.add(under(path, "rules"), "required", "needs at least one rule for local-limiter", "write one")


def _check_known(provider: dict[str, Any], path: str, known: tuple[str, ...], log: FaultLog) -> None:
    name = text(provider, "type")
    if name and name not in known:
        log.warn(
            under(path, "type"), "value", f"is {shown(name)}, which no router knows", f"known are {', '.join(known)}"
        )


def _check_management(management: dict[str, Any], log: FaultLog) -> None:
    path = "global.services.management_api"
    auth, address = section(management, "auth"), text(management, "bind_address")
    if "bind_address" in management and isinstance(management["bind_address"], str):
        _check_bind_address(address, management.get("remote_exposure") is True, under(path, "bind_address"), log)
    if management.get("remote_exposure") is not True:
        return
    if text(auth, "mode").strip() != "bearer":
        log.add(f"{path}.auth.mode", "conflict", "remote_exposure requires auth.mode bearer", "write mode: bearer")
    if not auth.get("tokens"):
        log.add(
            f"{path}.auth.tokens", "required", "remote_exposure requires at least one token", "name its variable as env"
        )


def _check_bind_address(address: str, exposed: bool, path: str, log: FaultLog) -> None:
    if address in ("", "localhost"):
        return
    try:
        unspecified = ip_address(address).is_unspecified
    except ValueError:
        log.add(path, "value", "should be an IP address or localhost", "write one such as 127.0.0.1")
        return
    if unspecified and not exposed:
        message = "listens on every address without remote_exposure; a router takes that only inside a container"
        log.warn(path, "conflict", message, "bind 127.0.0.1, or write remote_exposure: true with bearer tokens")


def check_stores(stores: dict[str, Any], log: FaultLog) -> None:
    if "semantic_cache" in stores:
        at = "global.stores.semantic_cache"
        if "response_cache" in stores:
            log.add(at, "conflict", "is the earlier name of response_cache, which stands beside it", "merge the two")
        log.warn(at, "deprecated", "is the earlier name of response_cache", "write response_cache")
    if section(stores, "vector_store").get("enabled") is True:
        _check_vector_store(section(stores, "vector_store"), "global.stores.vector_store", log)


def _check_vector_store(store: dict[str, Any], path: str, log: FaultLog) -> None:
    backend = text(store, "backend_type").strip()
    if not backend:
        log.add(under(path, "backend_type"), "required", "is required when the vector store is enabled", "choose one")
    needed = {"milvus": "", "valkey": "host", "qdrant": "host", "llama_stack": "endpoint"}
    if backend in needed:
        key = needed[backend]
        if not isinstance(store.get(backend), dict):
            log.add(under(path, backend), "required", f"is required by backend_type {backend}", "say where it is")
        elif key and not text(store[backend], key):
            log.add(f"{path}.{backend}.{key}", "required", f"is required by backend_type {backend}", "write it")
    if text(store, "metadata_store").strip() == "postgres" and not isinstance(store.get("metadata_postgres"), dict):
        log.add(
            under(path, "metadata_postgres"), "required", "is required by metadata_store postgres", "say where it is"
        )


def check_integrations(integrations: dict[str, Any], log: FaultLog) -> None:
    if section(integrations, "looper").get("model_endpoints"):
        at = "global.integrations.looper.model_endpoints"
        log.warn(at, "deprecated", "is no longer read: every model is reached through endpoint", "take it out")
