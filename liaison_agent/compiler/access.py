"""Who may enter: consumer keys, checked by Envoy against public keys that come as a resource of their own.

Both filters here are delivered by extension discovery, so that new keys or a new version never drain a listener.
"""

from __future__ import annotations

import json
from typing import Any

from contract.consumer_keys import CONSUMER_KEY_ISSUER, CONSUMER_KEY_PREFIX
from liaison_agent.compiler import names
from liaison_agent.compiler.packing import Fields, Packer, any_of, type_url
from liaison_agent.state import KEYS_SLOT, WORKSPACE_SLOT, Configuration, Resource

# Every consumer's id begins like this; the key of the scope that nobody may enter does not.
_CONSUMER = "[A-Za-z0-9].*"
_CLOCK_SKEW_SECONDS = 5
_CACHED_KEYS = 10_000
_LONGEST_KEY = 4096
# The value's prefix is compared sign by sign, so each spelling that clients use is an entry of its own.
_KEY_HEADERS = (
    ("authorization", f"Bearer {CONSUMER_KEY_PREFIX}"),
    ("authorization", f"bearer {CONSUMER_KEY_PREFIX}"),
    ("x-api-key", CONSUMER_KEY_PREFIX),
)


def key_check_hook() -> Fields:
    """The place of the key check in a listener; requests wait at the door until its resource has come."""
    return _discovered(names.KEY_CHECK, names.JWT, names.RBAC)


def version_mark_hook() -> Fields:
    """The place of the version mark in a listener."""
    return _discovered(names.VERSION_MARK, names.SET_METADATA)


def compile_key_check(workspace_id: str, jwks: bytes, packer: Packer) -> Resource:
    """The key check for these public keys; without any key, one that refuses everybody."""
    keys: list[Any] = json.loads(jwks).get("keys", []) if jwks else []
    check = _jwt_check(workspace_id, keys) if keys else any_of(names.RBAC, rules={"action": "ALLOW"})
    body = packer.pack(names.EXTENSION, {"name": names.KEY_CHECK, "typed_config": check})
    return Resource.of(type_url(names.EXTENSION), names.KEY_CHECK, body, KEYS_SLOT)


def compile_version_mark(workspace: Configuration, packer: Packer) -> Resource:
    """Marks every request with the workspace version that serves it; also proves versions that change nothing else."""
    value = {names.WORKSPACE_VERSION: str(workspace.version), names.DIGEST: workspace.digest}
    mark = any_of(names.SET_METADATA, metadata=[{"metadata_namespace": names.METADATA, "value": value}])
    body = packer.pack(names.EXTENSION, {"name": names.VERSION_MARK, "typed_config": mark})
    return Resource.of(type_url(names.EXTENSION), names.VERSION_MARK, body, WORKSPACE_SLOT)


def _jwt_check(workspace_id: str, keys: list[Any]) -> Fields:
    provider = {
        "issuer": CONSUMER_KEY_ISSUER,
        "audiences": [workspace_id],
        "local_jwks": {"inline_string": json.dumps({"keys": keys}, sort_keys=True, separators=(",", ":"))},
        "subjects": {"safe_regex": {"regex": _CONSUMER}},
        "require_expiration": True,
        "clock_skew_seconds": _CLOCK_SKEW_SECONDS,
        "forward": False,
        "from_headers": [{"name": header, "value_prefix": prefix} for header, prefix in _KEY_HEADERS],
        "claim_to_headers": [
            {"header_name": names.CONSUMER_HEADER, "claim_name": "sub"},
            {"header_name": names.KEY_ID_HEADER, "claim_name": "jti"},
        ],
        "clear_route_cache": True,
        "jwt_cache_config": {"jwt_cache_size": _CACHED_KEYS, "jwt_max_token_size": _LONGEST_KEY},
    }
    return any_of(
        names.JWT,
        providers={names.KEY_CHECK: provider},
        rules=[{"match": {"prefix": "/"}, "requires": {"provider_name": names.KEY_CHECK}}],
        strip_failure_response=True,
    )


def _discovered(name: str, *messages: str) -> Fields:
    source = {"config_source": names.ADS, "type_urls": [type_url(message) for message in messages]}
    return {"name": name, "config_discovery": source}
