"""The kinds of xDS resources: their everyday word, how Envoy asks for them, and the order in which they are pushed.

The order is make-before-break: what others refer to comes first, and goes last.
"""

from dataclasses import dataclass

from liaison_agent.state import ResourceKey


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `wildcard`: Envoy takes all there are, and removals; else it asks by name and drops by itself.
    `alone`: one resource a response, because a refusal in Envoy takes the whole response with it.
    `warms`: an acknowledged one may still wait for what it refers to before it serves."""

    word: str
    type_url: str
    wildcard: bool = False
    alone: bool = False
    warms: bool = False


_PREFIX = "type.googleapis.com/"

CLUSTER = Kind("cluster", f"{_PREFIX}envoy.config.cluster.v3.Cluster", wildcard=True, warms=True)
SECRET = Kind("secret", f"{_PREFIX}envoy.extensions.transport_sockets.tls.v3.Secret", alone=True)
EXTENSION = Kind("extension", f"{_PREFIX}envoy.config.core.v3.TypedExtensionConfig", alone=True)
ROUTES = Kind("routes", f"{_PREFIX}envoy.config.route.v3.RouteConfiguration", alone=True)
SCOPE = Kind("scope", f"{_PREFIX}envoy.config.route.v3.ScopedRouteConfiguration", wildcard=True, alone=True)
LISTENER = Kind("listener", f"{_PREFIX}envoy.config.listener.v3.Listener", wildcard=True, warms=True)

PUSH_ORDER = (CLUSTER, SECRET, EXTENSION, ROUTES, SCOPE, LISTENER)
KINDS = {kind.type_url: kind for kind in PUSH_ORDER}


def name_in_proof(key: ResourceKey) -> str:
    """A resource as a proof names it: "cluster/openai"."""
    type_url, name = key
    return f"{KINDS[type_url].word}/{name}"
