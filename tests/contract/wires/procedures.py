"""Which RPC a request message belongs to, and the generated clients of its service: read off the descriptors."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from controlplane.transport.operations import service_descriptors


@dataclass(frozen=True, slots=True)
class Procedure:
    """One RPC."""

    service: str
    name: str
    module: str
    request: type[Message]
    response: type[Message]
    streams: bool
    safe: bool

    @property
    def path(self) -> str:
        """`/package.Service/Method`."""
        return f"/{self.service}/{self.name}"

    @property
    def service_name(self) -> str:
        """Without the package."""
        return self.service.rpartition(".")[2]

    def generated(self, kind: str) -> Any:
        """The generated module of the service: `pb2_grpc` or `connect`."""
        return importlib.import_module(f"{self.module}_{kind}")


@cache
def procedures() -> tuple[Procedure, ...]:
    """Every RPC of the public services."""
    return tuple(_procedure(method) for service in service_descriptors() for method in service.methods)


def procedure_of(kind: type[Message]) -> Procedure:
    """The RPC whose request this is; each RPC has a request of its own."""
    (found,) = [each for each in procedures() if each.request is kind]
    return found


def _procedure(method: MethodDescriptor) -> Procedure:
    service = method.containing_service
    return Procedure(
        service=service.full_name,
        name=method.name,
        module=service.file.name.removesuffix(".proto").replace("/", "."),
        request=message_factory.GetMessageClass(method.input_type),
        response=message_factory.GetMessageClass(method.output_type),
        streams=method.server_streaming,
        safe=method.GetOptions().idempotency_level == 1,
    )
