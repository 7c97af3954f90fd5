"""One Envoy cluster a distinct upstream account, with the whole chain that makes a request this account's own."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import timedelta

from liaison_agent.compiler import names
from liaison_agent.compiler.filter_order import upstream_filters
from liaison_agent.compiler.gateway import Upstream, Watch
from liaison_agent.compiler.options import GatewayOptions
from liaison_agent.compiler.packing import Fields, Packer, extension, type_url
from liaison_agent.state import WORKSPACE_SLOT, Resource

_PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_TLS = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
_UNBOUNDED = 1_000_000
_CONNECT_TIMEOUT = "5s"
_KEEP_ALIVE = "30s"


def compile_cluster(
    upstream: Upstream,
    options: GatewayOptions,
    addresses: Sequence[str],
    packer: Packer,
    slot: str = WORKSPACE_SLOT,
) -> Resource:
    """The upstream's resource, under its own name. `addresses` are those of its host where that is a name; without any,
    connecting fails and failover goes on.
    """
    body = packer.pack(names.CLUSTER, _fields(upstream, options, addresses))
    return Resource.of(type_url(names.CLUSTER), upstream.name, body, slot)


def _fields(upstream: Upstream, options: GatewayOptions, addresses: Sequence[str]) -> Fields:
    return {
        "name": upstream.name,
        "connect_timeout": _CONNECT_TIMEOUT,
        "per_connection_buffer_limit_bytes": names.LARGEST_BODY,
        "circuit_breakers": {"thresholds": [_thresholds()]},
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "typed_extension_protocol_options": {_PROTOCOL: _protocol(upstream)},
        **_place(upstream, addresses),
        **(_watching(upstream) if upstream.watch != Watch() else {}),
        **(_tls(upstream, options) if upstream.scheme == "https" else {}),
    }


def _thresholds() -> Fields:
    """Envoy's own defaults (1024 requests, 3 retries at a time) would refuse failover under load."""
    return dict.fromkeys(("max_connections", "max_pending_requests", "max_requests", "max_retries"), _UNBOUNDED)


def _place(upstream: Upstream, addresses: Sequence[str]) -> Fields:
    """Envoy is told addresses and never resolves a name: whoever answers for the name could send it anywhere."""
    literal = is_literal(upstream.host)
    known = [upstream.host] if literal else addresses
    endpoints = [
        {"endpoint": {"address": _socket(one, upstream.port), "hostname": upstream.authority}} for one in known
    ]
    ranks = [endpoints] if endpoints else []
    if not literal or upstream.watch.takes_out:
        ranks.append([{"endpoint": _dead_end(upstream)}])
    localities = [{"priority": rank, "lb_endpoints": one} for rank, one in enumerate(ranks)]
    return {"type": "STATIC", "load_assignment": {"cluster_name": upstream.name, "endpoints": localities}}


def _dead_end(upstream: Upstream) -> Fields:
    """A cluster without any address in service fails a request at once, with no other attempt. The port that nobody
    can listen on stands in while the name does not resolve or the upstream is out of service: connecting to it fails,
    and failover goes on.
    """
    return {
        "address": _socket("127.0.0.1", 0),
        "hostname": upstream.authority,
        "health_check_config": {"disable_active_health_check": True},
    }


def _watching(upstream: Upstream) -> Fields:
    """How failures take the upstream out of service. Failures to connect count for nothing: failover passes over them
    at once, and they must never eject the dead end.
    """
    watch = upstream.watch
    fields: Fields = {"lb_policy": watch.balance}
    if watch.failures:
        fields["outlier_detection"] = {
            "consecutive_5xx": watch.failures,
            "base_ejection_time": _seconds(watch.ejection),
            "max_ejection_percent": watch.most_ejected,
            "enforcing_consecutive_5xx": 100,
            "enforcing_success_rate": 0,
            "enforcing_consecutive_gateway_failure": 0,
            "split_external_local_origin_errors": True,
            "enforcing_consecutive_local_origin_failure": 0,
            "enforcing_local_origin_success_rate": 0,
        }
    if watch.probe_path:
        probe = {"path": watch.probe_path, "host": upstream.authority}
        fields["health_checks"] = [
            {
                "interval": _seconds(watch.probe_every),
                "no_traffic_interval": _seconds(watch.probe_every),  # Envoy's own default is a minute
                "timeout": _seconds(watch.probe_timeout),
                "healthy_threshold": 1,
                "unhealthy_threshold": 2,
                "http_health_check": probe,
            }
        ]
    return fields


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.3f}s"


def _protocol(upstream: Upstream) -> Fields:
    if upstream.scheme == "https":
        chosen: Fields = {"auto_config": {"http_protocol_options": {}, "http2_protocol_options": {}}}
    else:
        chosen = {"explicit_http_config": {"http_protocol_options": {}}}
    return {
        "@type": type_url(_PROTOCOL),
        "common_http_protocol_options": {"idle_timeout": _KEEP_ALIVE},
        "http_filters": upstream_filters(upstream),
        **chosen,
    }


def _tls(upstream: Upstream, options: GatewayOptions) -> Fields:
    literal = is_literal(upstream.host)
    expected = {"san_type": "IP_ADDRESS" if literal else "DNS", "matcher": {"exact": upstream.host}}
    validation = {"trusted_ca": {"filename": options.trust_store}, "match_typed_subject_alt_names": [expected]}
    context: Fields = {"common_tls_context": {"validation_context": validation}}
    if not literal:
        context["sni"] = upstream.host
    return {"transport_socket": extension("tls", _TLS, **context)}


def _socket(host: str, port: int) -> Fields:
    return {"socket_address": {"address": host, "port_value": port}}


def is_literal(host: str) -> bool:
    """Whether the host is an address already."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
