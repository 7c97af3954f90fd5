"""The TCP ports of a run, and the check that they are free before anything is started."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from agentrouter_cli.errors import WrongUsage

HOST: Final = "127.0.0.1"
GRPC_PORT: Final = 12580
HTTP_PORT: Final = 12581
GATEWAY_PORT: Final = 12582


@dataclass(frozen=True, slots=True)
class Ports:
    """`gateway` is None to take the document's own plus `offset`."""

    grpc: int
    http: int
    gateway: int | None
    offset: int

    def gateway_for(self, listener_port: int) -> int:
        """Where a listener that the document puts on `listener_port` is found. Raises WrongUsage."""
        port = self.gateway if self.gateway is not None else listener_port + self.offset
        if port > 65535:
            raise WrongUsage(f"the gateway would be on port {port}; choose a smaller --port-offset")
        if port < listener_port:
            raise WrongUsage(
                f"the document's listener is on port {listener_port}, and a gateway can only be moved upwards: "
                f"choose a --gateway-port of {listener_port} or more, or change the document"
            )
        return port

    @property
    def first_listener_port(self) -> int:
        """Where run's own document puts its listener: 12582, unless the gateway is wanted below it."""
        return min(GATEWAY_PORT, self.gateway or GATEWAY_PORT)


def choose_ports(grpc: int | None, http: int | None, gateway: int | None, offset: int) -> Ports:
    """What is given wins; `offset` shifts what is not. Raises WrongUsage."""
    chosen = Ports(
        grpc=grpc if grpc is not None else GRPC_PORT + offset,
        http=http if http is not None else HTTP_PORT + offset,
        gateway=gateway,
        offset=offset,
    )
    wanted = {
        "--grpc-port": chosen.grpc,
        "--http-port": chosen.http,
        "--gateway-port": chosen.gateway_for(chosen.first_listener_port),
    }
    for option, port in wanted.items():
        if not 1 <= port <= 65535:
            raise WrongUsage(
                f"{option} would be {port}; a port is 1 to 65535, choose another {option} or --port-offset"
            )
    if len(set(wanted.values())) < len(wanted):
        raise WrongUsage(f"{', '.join(wanted)} must differ, but are {', '.join(map(str, wanted.values()))}")
    return chosen


def require_free(ports: Iterable[tuple[str, int]]) -> None:
    """`ports` is (option, port) pairs. Raises WrongUsage that names every port in use and the way out."""
    taken = [(option, port) for option, port in ports if not is_free(port)]
    if not taken:
        return
    named = ", ".join(f"{port} ({option})" for option, port in taken)
    count = "port is" if len(taken) == 1 else "ports are"
    raise WrongUsage(
        f"the {count} in use by another process: {named}; nothing was started. Stop that process "
        "(`ss -ltnp` shows it; perhaps another `agentrouter run`), or choose other ports: "
        "`agentrouter run --port-offset 100`"
    )


def is_free(port: int) -> bool:
    """Whether nobody listens there, on this or on all addresses."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(preferred: int) -> int:
    """The preferred one, or one that the operating system chooses."""
    if 1 <= preferred <= 65535 and is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
