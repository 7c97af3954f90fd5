"""Small xDS resources for tests, packed by the binary's own descriptors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liaison_agent.envoy.packing import DescriptorPacker
from liaison_agent.kinds import CLUSTER, EXTENSION, LISTENER, ROUTES, SCOPE, SECRET, Kind
from liaison_agent.state import Resource

ADS = {"ads": {}, "resource_api_version": "V3"}
FILTERS = "type.googleapis.com/envoy.extensions.filters"


class Resources:
    """Builds resources; `slot` says whose they are."""

    def __init__(self, packer: DescriptorPacker) -> None:
        self._packer = packer

    def of(self, kind: Kind, fields: Mapping[str, Any], slot: str = "config/") -> Resource:
        """Any resource of that kind."""
        body = self._packer.pack(kind.type_url.rpartition("/")[2], fields)
        return Resource.of(kind.type_url, fields["name"], body, slot)

    def cluster(self, name: str, port: int = 9, slot: str = "config/", **fields: Any) -> Resource:
        """A cluster of one local endpoint."""
        endpoint = {"endpoint": {"address": _address(port)}}
        return self.of(
            CLUSTER,
            {
                "name": name,
                "type": "STATIC",
                "connect_timeout": "1s",
                "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
                **fields,
            },
            slot,
        )

    def injecting_cluster(self, name: str, port: int, secret: str) -> Resource:
        """A cluster that injects a secret of that name."""
        credential = {
            "@type": "type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic",
            "credential": {"name": secret, "sds_config": ADS},
            "header": "x-injected",
        }
        injector = {
            "@type": f"{FILTERS}.http.credential_injector.v3.CredentialInjector",
            "overwrite": True,
            "credential": {"name": "c", "typed_config": credential},
        }
        codec = {"@type": f"{FILTERS}.http.upstream_codec.v3.UpstreamCodec"}
        extension = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
        options = {
            "@type": f"type.googleapis.com/{extension}",
            "explicit_http_config": {"http_protocol_options": {}},
            "http_filters": [
                {"name": "inject", "typed_config": injector},
                {"name": "envoy.filters.http.upstream_codec", "typed_config": codec},
            ],
        }
        return self.cluster(name, port, typed_extension_protocol_options={extension: options})

    def secret(self, name: str, value: str, slot: str = "config/") -> Resource:
        """A generic secret."""
        return self.of(SECRET, {"name": name, "generic_secret": {"secret": {"inline_string": value}}}, slot)

    def routes(self, name: str, answer: str, slot: str = "config/") -> Resource:
        """A route configuration that answers everything by itself."""
        return self.of(ROUTES, _answering(name, answer), slot)

    def scope(self, consumer: str, routes: Mapping[str, Any] | str, slot: str | None = None) -> Resource:
        """A consumer's scope: its own routes, or the name of shared ones."""
        own = {"route_configuration_name": routes} if isinstance(routes, str) else {"route_configuration": routes}
        return self.of(
            SCOPE,
            {"name": consumer, "key": {"fragments": [{"string_key": consumer}]}, **own},
            f"config/{consumer}" if slot is None else slot,
        )

    def answering_scope(self, consumer: str, answer: str) -> Resource:
        """A consumer's scope that answers everything by itself."""
        return self.scope(consumer, _answering(f"rc-{consumer}", answer))

    def listener(self, name: str, port: int, routes: Mapping[str, Any], slot: str = "config/") -> Resource:
        """A listener; `routes` are fields of its connection manager."""
        router = {"name": "router", "typed_config": {"@type": f"{FILTERS}.http.router.v3.Router"}}
        routes = dict(routes)
        manager = {
            "@type": f"{FILTERS}.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": name,
            "http_filters": [*routes.pop("http_filters", ()), router],
            **routes,
        }
        return self.of(
            LISTENER,
            {
                "name": name,
                "address": _address(port),
                "enable_reuse_port": False,
                "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
            },
            slot,
        )

    def answering_listener(self, name: str, port: int, answer: str, slot: str = "config/") -> Resource:
        """A listener that answers everything by itself."""
        return self.listener(name, port, {"route_config": _answering("fixed", answer)}, slot)

    def proxying_listener(self, name: str, port: int, cluster: str) -> Resource:
        """A listener that hands everything to one cluster."""
        route = {"match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s"}}
        hosts = [{"name": "all", "domains": ["*"], "routes": [route]}]
        return self.listener(name, port, {"route_config": {"name": "fixed", "virtual_hosts": hosts}})

    def scoped_listener(self, name: str, port: int) -> Resource:
        """A listener whose routes are the consumers' scopes, by the header x-consumer."""
        fragment = {"header_value_extractor": {"name": "x-consumer", "index": 0}}
        scoped = {
            "name": "consumers",
            "scope_key_builder": {"fragments": [fragment]},
            "rds_config_source": ADS,
            "scoped_rds": {"scoped_rds_config_source": ADS},
        }
        return self.listener(name, port, {"scoped_routes": scoped})

    def keyed_listener(self, name: str, port: int, extension: str) -> Resource:
        """A listener that checks API keys, by an extension delivered on its own."""
        discovery = {"config_source": ADS, "type_urls": [f"{FILTERS}.http.api_key_auth.v3.ApiKeyAuth"]}
        routes = _answering("fixed", "let in")
        filters = [{"name": extension, "config_discovery": discovery}]
        return self.listener(name, port, {"route_config": routes, "http_filters": filters})

    def keys(self, name: str, *keys: str) -> Resource:
        """The extension for `keyed_listener`; a key that repeats is refused by Envoy."""
        fields = {
            "@type": f"{FILTERS}.http.api_key_auth.v3.ApiKeyAuth",
            "credentials": [{"key": key, "client": "somebody"} for key in keys],
            "key_sources": [{"header": "x-key"}],
        }
        return self.of(EXTENSION, {"name": name, "typed_config": fields})


def bad_routes(name: str) -> dict[str, Any]:
    """Routes that Envoy refuses: two hosts for everything."""
    return {"name": name, "virtual_hosts": [{"name": "v", "domains": ["*", "*"]}]}


def _answering(name: str, answer: str) -> dict[str, Any]:
    response = {"status": 200, "body": {"inline_string": answer}}
    route = {"match": {"prefix": "/"}, "direct_response": response}
    return {"name": name, "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
