"""Where the gateway finds and puts files: the part of it that the machine decides, not a document."""

from __future__ import annotations

from dataclasses import dataclass

from contract.egress import STRICT, EgressPolicy


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """`access_log` is the file that gets one JSON line a request (none when empty); `trust_store` holds the
    certificate authorities that upstreams are checked against, in PEM. `egress` says where requests may go.
    """

    access_log: str = ""
    trust_store: str = "/etc/ssl/certs/ca-certificates.crt"
    egress: EgressPolicy = STRICT
