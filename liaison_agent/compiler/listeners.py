"""One Envoy listener a document listener. Nothing in it changes with models, keys or versions, so it seldom drains."""

from __future__ import annotations

from datetime import timedelta

from liaison_agent.compiler import names
from liaison_agent.compiler.access_log import access_logs
from liaison_agent.compiler.filter_order import downstream_filters
from liaison_agent.compiler.gateway import Listener
from liaison_agent.compiler.hygiene import early_strip
from liaison_agent.compiler.local_replies import local_replies
from liaison_agent.compiler.options import GatewayOptions
from liaison_agent.compiler.packing import Fields, Packer, extension, type_url
from liaison_agent.state import WORKSPACE_SLOT, Resource

_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_HEADERS_TIMEOUT = "10s"
_CLIENT_IDLE_TIMEOUT = "3600s"
_STREAMS_A_CONNECTION = 1000


def compile_listener(listener: Listener, options: GatewayOptions, packer: Packer) -> Resource:
    """The listener's resource, under its own name."""
    body = packer.pack(names.LISTENER, _fields(listener, options))
    return Resource.of(type_url(names.LISTENER), listener.name, body, WORKSPACE_SLOT)


def _fields(listener: Listener, options: GatewayOptions) -> Fields:
    address: Fields = {"address": listener.address, "port_value": listener.port}
    if listener.address == "::":
        address["ipv4_compat"] = True
    return {
        "name": listener.name,
        "address": {"socket_address": address},
        "enable_reuse_port": False,  # else a port that another process shares would be taken in silence
        "per_connection_buffer_limit_bytes": names.LARGEST_BODY,
        "filter_chains": [{"filters": [_connection_manager(listener, options)]}],
    }


def _connection_manager(listener: Listener, options: GatewayOptions) -> Fields:
    return extension(
        "http",
        _MANAGER,
        stat_prefix=names.STAT_PREFIX,
        server_name="agentrouter",
        scoped_routes=_scoped_routes(),
        early_header_mutation_extensions=[early_strip()],
        http_filters=downstream_filters(),
        local_reply_config=local_replies(),
        access_log=access_logs(options.access_log),
        **_request_identity(),
        **_limits(listener.timeout),
    )


def _scoped_routes() -> Fields:
    """The consumer's own routes, chosen by the header that the key check sets; the whole value is the key."""
    return {
        "name": names.SCOPED_ROUTES,
        "scope_key_builder": {"fragments": [{"header_value_extractor": {"name": names.CONSUMER_HEADER, "index": 0}}]},
        "rds_config_source": names.ADS,
        "scoped_rds": {"scoped_rds_config_source": names.ADS},
    }


def _request_identity() -> Fields:
    return {
        "generate_request_id": True,
        "always_set_request_id_in_response": True,
        "use_remote_address": True,
        "skip_xff_append": True,
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",  # a model's name may hold one
        "strip_trailing_host_dot": True,
    }


def _limits(timeout: timedelta) -> Fields:
    """A request may stand still for the listener's timeout; how long it runs in all is not limited."""
    return {
        "stream_idle_timeout": f"{timeout.total_seconds():g}s",
        "request_headers_timeout": _HEADERS_TIMEOUT,
        "common_http_protocol_options": {
            "idle_timeout": _CLIENT_IDLE_TIMEOUT,
            "headers_with_underscores_action": "DROP_HEADER",  # some servers read x_consumer as x-consumer
        },
        "http2_protocol_options": {"max_concurrent_streams": _STREAMS_A_CONNECTION},
    }
