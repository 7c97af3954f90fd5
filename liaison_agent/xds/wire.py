"""The two messages of delta xDS as the Envoy binary itself knows them; the rest of the package sees plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor_pool import DescriptorPool

from liaison_agent.state import Resource

SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
METHOD = "DeltaAggregatedResources"


@dataclass(frozen=True, slots=True)
class Request:
    """What Envoy says about one type: what it wants, what it has (first on a stream), and the answer to one response.

    `refusal` is the text of a NACK; None with a `nonce` means ACK."""

    type_url: str
    nonce: str = ""
    refusal: str | None = None
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    has: Mapping[str, str] = field(default_factory=dict)


class Wire:
    """Turns requests into values and resources into responses. `pool` holds the binary's own descriptors."""

    def __init__(self, pool: DescriptorPool) -> None:
        package = "envoy.service.discovery.v3"
        self._request: Any = message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"{package}.DeltaDiscoveryRequest")
        )
        self._response: Any = message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"{package}.DeltaDiscoveryResponse")
        )

    def parse(self, data: bytes) -> Request:
        """Read one DeltaDiscoveryRequest."""
        message = self._request.FromString(data)
        return Request(
            type_url=message.type_url,
            nonce=message.response_nonce,
            refusal=message.error_detail.message if message.HasField("error_detail") else None,
            subscribe=tuple(message.resource_names_subscribe),
            unsubscribe=tuple(message.resource_names_unsubscribe),
            has=dict(message.initial_resource_versions),
        )

    def response(self, type_url: str, nonce: str, put: Iterable[Resource], drop: Iterable[str]) -> bytes:
        """Write one DeltaDiscoveryResponse."""
        message = self._response(type_url=type_url, nonce=nonce, system_version_info=nonce)
        for resource in put:
            entry = message.resources.add(name=resource.name, version=resource.version)
            entry.resource.type_url = resource.type_url
            entry.resource.value = resource.body
        message.removed_resources.extend(drop)
        return bytes(message.SerializeToString())
