"""Envoy's bootstrap: who it is, where its configuration comes from, its admin socket, its limits. All else is xDS."""

from __future__ import annotations

from typing import Any

from liaison_agent.envoy.options import EnvoyOptions

_ADS: dict[str, Any] = {"ads": {}, "resource_api_version": "V3"}
# Reading back asks for many names in one expression; by default Envoy answers 400 from about 100 signs on.
_RUNTIME: dict[str, Any] = {"re2.max_program_size.error_level": 1_000_000}
_XDS_CLUSTER = "agentrouter_xds"


def bootstrap_of(options: EnvoyOptions) -> dict[str, Any]:
    """The bootstrap in Envoy's JSON mapping."""
    return {
        "node": {"id": options.node_id, "cluster": "agentrouter"},
        "admin": {"address": {"pipe": {"path": str(options.admin_socket), "mode": 0o600}}},
        "dynamic_resources": {"ads_config": _ads_source(), "cds_config": _ADS, "lds_config": _ADS},
        "static_resources": {"clusters": [_agent_cluster(options)]},
        "overload_manager": {"resource_monitors": [_connection_limit(options.max_connections)]},
        # One static layer instead of Envoy's default admin layer: nothing changes runtime values behind our back.
        "layered_runtime": {"layers": [{"name": "static", "static_layer": _RUNTIME}]},
    }


def _ads_source() -> dict[str, Any]:
    # Without the bounds Envoy's pauses between attempts grow to 30 s while the agent is away.
    retry = {"retry_back_off": {"base_interval": "0.05s", "max_interval": "1s"}}
    return {
        "api_type": "DELTA_GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        "grpc_services": [{"envoy_grpc": {"cluster_name": _XDS_CLUSTER, "retry_policy": retry}}],
    }


def _agent_cluster(options: EnvoyOptions) -> dict[str, Any]:
    extension = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    endpoint = {"endpoint": {"address": {"pipe": {"path": str(options.ads_socket)}}}}
    return {
        "name": _XDS_CLUSTER,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": _XDS_CLUSTER, "endpoints": [{"lb_endpoints": [endpoint]}]},
        "typed_extension_protocol_options": {
            extension: {
                "@type": f"type.googleapis.com/{extension}",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
    }


def _connection_limit(connections: int) -> dict[str, Any]:
    message = "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
    return {
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": {
            "@type": f"type.googleapis.com/{message}",
            "max_active_downstream_connections": connections,
        },
    }
