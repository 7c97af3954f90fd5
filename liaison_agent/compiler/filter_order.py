"""The order of Envoy's filters, in one place, because it is what keeps keys and consumers apart."""

from __future__ import annotations

from liaison_agent.compiler import names
from liaison_agent.compiler.access import key_check_hook, version_mark_hook
from liaison_agent.compiler.credentials import inject_credential, own_key_hook, sign_requests
from liaison_agent.compiler.gateway import Upstream
from liaison_agent.compiler.hygiene import add_headers, strip_headers
from liaison_agent.compiler.packing import Fields, extension
from liaison_agent.compiler.revocations import revocations_hooks
from liaison_agent.compiler.scripts import script, shared_machine

_LUA = names.HTTP_FILTERS + "lua.v3.Lua"


def downstream_filters() -> list[Fields]:
    """What a client's request passes, once, before a route is taken.

    1. The key check comes first: nothing is read for, or told to, somebody without a key. It names the consumer in a
       header (which clients cannot send: it is gone before the first route is looked up) and clears the route.
    2. Revoked keys are told by the id that the key check put into a header, before anything is done for them.
    3. The version mark notes which workspace version serves; it changes with every version, so it is its own resource.
    4. The front door reads the body and picks the route, inside the consumer's scope. It comes last, since reading a
       body is the dearest step, and since limits, when they come, must stand before it.
    """
    return [
        key_check_hook(),
        *revocations_hooks(),
        version_mark_hook(),
        extension(names.FRONT_DOOR, _LUA, default_source_code={"inline_string": script("front_door")}),
        extension("router", names.HTTP_FILTERS + "router.v3.Router", suppress_envoy_headers=True),
    ]


def upstream_filters(upstream: Upstream) -> list[Fields]:
    """What every attempt at this upstream passes. Headers are shared between attempts, the body is new each time.

    1. Rewrite, from what the front door kept; first, before this upstream's own headers come, because it takes back
       what the model's other upstreams add under names of their own.
    2. Strip every credential and internal header: the client's own, and the credential of the attempt before.
    3. Add this upstream's headers, after the strip, which would take some of them.
    4. Inject the credential, last, so that nothing can overwrite, copy or strip it: the platform's, or where
       consumers' own keys count, the one that the consumer's scope hands over. A signature covers the body, which
       nothing changes any more.
    """
    rewrite = extension(
        names.REWRITE,
        _LUA,
        default_source_code={"inline_string": script("rewrite")},
        shared_vm_id=shared_machine("rewrite"),
        clear_route_cache=False,
        filter_context={"name": upstream.name, "path": upstream.path},
    )
    extra = [add_headers(upstream.extra_headers)] if upstream.extra_headers else []
    credential = [inject_credential(upstream)] if upstream.secret else []
    if upstream.takes_own_key:
        credential = [own_key_hook(upstream)]
    if upstream.signing is not None:
        credential = sign_requests(upstream, upstream.signing)
    codec = extension("codec", names.HTTP_FILTERS + "upstream_codec.v3.UpstreamCodec")
    return [rewrite, strip_headers(), *extra, *credential, codec]
