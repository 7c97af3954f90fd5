"""Every RPC of the public services, read off their descriptors, with the handler that carries it out or none yet."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message

from agentrouter.configurator.v1 import configurator_service_pb2
from agentrouter.management.v1 import (
    audit_pb2,
    backends_pb2,
    consumer_keys_pb2,
    dataplanes_pb2,
    documents_pb2,
    management_keys_pb2,
    operations_pb2,
    tenants_pb2,
    workspaces_pb2,
)
from controlplane.transport.calls import Answer, Call

Handler = Callable[[Any, Call], Awaitable[Answer]]
Streamer = Callable[[Any, Call], AsyncGenerator[Any]]

FILES = (
    configurator_service_pb2,
    backends_pb2,
    workspaces_pb2,
    management_keys_pb2,
    dataplanes_pb2,
    consumer_keys_pb2,
    documents_pb2,
    tenants_pb2,
    audit_pb2,
    operations_pb2,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One RPC, carried out by `handler`, or by `streamer` when it `streams`; neither: not in this release.

    `safe`: no side effects, so Connect may GET it. `rehearsal` carries out what came with `validate_only`; a streamer
    sees to that itself.
    """

    service: str
    name: str
    request: type[Message]
    response: type[Message]
    streams: bool
    safe: bool
    handler: Handler | None
    streamer: Streamer | None = None
    rehearsal: Handler | None = None

    @property
    def path(self) -> str:
        """`/package.Service/Method`, the same on every wire."""
        return f"/{self.service}/{self.name}"


def service_descriptors() -> Iterator[ServiceDescriptor]:
    """The public services."""
    for file in FILES:
        yield from file.DESCRIPTOR.services_by_name.values()


def operations(
    handlers: Mapping[str, Handler | Streamer], rehearsals: Mapping[str, Handler | Streamer]
) -> dict[str, Operation]:
    """All RPCs by path. `handlers` by `/package.Service/Method`; one that names no RPC is a mistake (KeyError).

    `rehearsals`: the same over a store that undoes everything.
    """
    table = {
        operation.path: operation
        for service in service_descriptors()
        for operation in (_operation(service, method, handlers, rehearsals) for method in service.methods)
    }
    unknown = handlers.keys() - table.keys()
    if unknown:
        raise KeyError(f"handlers without an RPC: {', '.join(sorted(unknown))}")
    return table


def handlers_of(service: str, methods: Iterable[tuple[str, Handler]]) -> dict[str, Handler]:
    """Handlers of one service by path."""
    return {f"/{service}/{name}": handler for name, handler in methods}


def streamers_of(service: str, methods: Iterable[tuple[str, Streamer]]) -> dict[str, Streamer]:
    """Handlers of one service's streaming RPCs by path."""
    return {f"/{service}/{name}": handler for name, handler in methods}


def _operation(
    service: ServiceDescriptor,
    method: MethodDescriptor,
    handlers: Mapping[str, Handler | Streamer],
    rehearsals: Mapping[str, Handler | Streamer],
) -> Operation:
    path = f"/{service.full_name}/{method.name}"
    handler = handlers.get(path)
    streams = method.server_streaming
    rehearsed = not streams and "validate_only" in method.input_type.fields_by_name
    return Operation(
        service=service.full_name,
        name=method.name,
        request=message_factory.GetMessageClass(method.input_type),
        response=message_factory.GetMessageClass(method.output_type),
        streams=streams,
        safe=method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS,
        handler=None if streams else cast(Handler | None, handler),
        streamer=cast(Streamer | None, handler) if streams else None,
        rehearsal=cast(Handler | None, rehearsals.get(path)) if rehearsed else None,
    )
