"""One name an account at a place: the platform's, its twin for consumers' own keys, and places of a consumer's own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, replace

from contract import ResolvedBackend
from contract.own_credentials import AwsKeys
from liaison_agent.compiler.gateway import Upstream, Watch

# Whose account it is that pays: the platform's, which a consumer's own key does not belong to.
_ACCOUNT_HEADERS = frozenset({"openai-organization", "openai-project", "x-goog-user-project"})
_TWIN = "{}/byok"
_SIGNED = "{}/byok-aws"


def upstream_of(backend: ResolvedBackend, secret: str, watch: Watch, variant: int) -> Upstream:
    """`secret` is its name in Envoy, empty for none. Equal accounts at equal places have equal names."""
    prefix = f"{backend.auth_prefix} " if backend.auth_prefix else ""
    extra = tuple(sorted(backend.extra_headers.items()))
    account = [backend.scheme, backend.host, backend.port, backend.chat_path, backend.auth_header, prefix, secret]
    watched = [] if watch == Watch() else [str(part) for part in astuple(watch)]
    identity = json.dumps([*account, extra, variant, *watched])
    name = f"{backend.host}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    return Upstream(
        name=name,
        scheme=backend.scheme,
        host=backend.host,
        port=backend.port,
        path=backend.chat_path,
        auth_header=backend.auth_header,
        auth_prefix=prefix,
        secret=secret,
        extra_headers=extra,
        variant=variant,
        watch=watch,
    )


def twin_of(backend: ResolvedBackend, watch: Watch, variant: int) -> Upstream:
    """The same place with a hook for consumers' own keys instead of the platform's account."""
    kept = {name: value for name, value in backend.extra_headers.items() if name not in _ACCOUNT_HEADERS}
    keyless = upstream_of(replace(backend, extra_headers=kept), "", watch, variant)
    return replace(keyless, name=_TWIN.format(keyless.name), takes_own_key=True)


def signing_upstream(place: Upstream, keys: AwsKeys, whose: str) -> Upstream:
    """The same place for one consumer alone, whose keys sign what is asked there. Its name outlives a rotation."""
    owner = hashlib.sha256(f"{whose}\n{place.name}".encode()).hexdigest()[:12]
    return replace(place, name=_SIGNED.format(f"{place.host}-{owner}"), takes_own_key=False, signing=keys)


def own_upstream(backend: ResolvedBackend, whose: str) -> Upstream:
    """A place that one consumer brought; another place is another name."""
    keyless = upstream_of(backend, "", Watch(), 0)
    owner = hashlib.sha256(f"{whose}\n{keyless.name}".encode()).hexdigest()[:12]
    return replace(keyless, name=_TWIN.format(f"{backend.host}-{owner}"), takes_own_key=True)
