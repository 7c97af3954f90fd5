"""Every name that Envoy, the Lua scripts and the access log must agree on."""

from __future__ import annotations

from typing import Final

# --- types, by the full names of their messages -----------------------------------------------------------------------

CLUSTER: Final = "envoy.config.cluster.v3.Cluster"
SECRET: Final = "envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105 - a message's name
EXTENSION: Final = "envoy.config.core.v3.TypedExtensionConfig"
ROUTES: Final = "envoy.config.route.v3.RouteConfiguration"
SCOPE: Final = "envoy.config.route.v3.ScopedRouteConfiguration"
LISTENER: Final = "envoy.config.listener.v3.Listener"

HTTP_FILTERS: Final = "envoy.extensions.filters.http."
JWT: Final = HTTP_FILTERS + "jwt_authn.v3.JwtAuthentication"
RBAC: Final = HTTP_FILTERS + "rbac.v3.RBAC"
HEADER_MUTATION: Final = HTTP_FILTERS + "header_mutation.v3.HeaderMutation"
SET_METADATA: Final = HTTP_FILTERS + "set_metadata.v3.Config"

# --- filters; a resource of the extension discovery has its filter's name ---------------------------------------------

KEY_CHECK: Final = "consumer_keys"
REVOCATIONS: Final = "revoked_keys"
VERSION_MARK: Final = "workspace_version"
FRONT_DOOR: Final = "front_door"
REWRITE: Final = "rewrite"

# --- headers inside the gateway ---------------------------------------------------------------------------------------

CONSUMER_HEADER: Final = "x-consumer"
INTERNAL_HEADER_PREFIX: Final = "x-agentrouter-"
OWN_KEY_STATUS_HEADER: Final = INTERNAL_HEADER_PREFIX + "own-key-status"
KEY_ID_HEADER: Final = INTERNAL_HEADER_PREFIX + "jti"

# --- filter state that the front door writes; the scripts under lua/ spell the names out ------------------------------

STATE_CONSUMER: Final = "agentrouter.consumer"
STATE_ENDPOINT: Final = "agentrouter.endpoint"
STATE_MODEL: Final = "agentrouter.model"
STATE_ROUTE: Final = "agentrouter.route"

# --- metadata ---------------------------------------------------------------------------------------------------------

METADATA: Final = "agentrouter"
KNOWN: Final = "known"
CARD: Final = "card"
WORKSPACE_VERSION: Final = "workspace_version"
CONSUMER_VERSION: Final = "consumer_version"
DIGEST: Final = "digest"

# --- the rest ---------------------------------------------------------------------------------------------------------

SCOPED_ROUTES: Final = "consumers"
STAT_PREFIX: Final = "gateway"  # http.gateway.downstream_rq_active is what a drain waits for
SHARED_PROFILE: Final = "profile/every-model"
LARGEST_BODY: Final = 32 * 1024 * 1024  # bytes; a request's body is held whole, for its model and for another attempt

ADS: Final = {"ads": {}, "resource_api_version": "V3"}
