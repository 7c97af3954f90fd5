"""Where the gateway finds and puts things: the part of it that the machine decides, not a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contract.egress import STRICT, EgressPolicy

_SCHEME: Final = "env://"


@dataclass(frozen=True, slots=True)
class KeyVariable:
    """A provider's key in this machine's environment, which documents may name (`api_key_env`). `origin` is the only
    place it may be sent to; empty for any.
    """

    name: str
    value: str = field(repr=False)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """`access_log` is the file that gets one JSON line a request (none when empty); `trust_store` holds the
    certificate authorities that upstreams are checked against, in PEM. `egress` says where requests may go.
    """

    access_log: str = ""
    trust_store: str = "/etc/ssl/certs/ca-certificates.crt"
    egress: EgressPolicy = STRICT
    key_variables: tuple[KeyVariable, ...] = ()

    def with_variables(self, delivered: Mapping[str, str]) -> dict[str, str]:
        """By reference: the secrets that were delivered and those of this machine."""
        return {**delivered, **{reference_of(one.name): one.value for one in self.key_variables}}

    def with_places(self, origins: Mapping[str, str]) -> dict[str, str]:
        """By reference: the only place that each may be sent to, where there is one."""
        own = {reference_of(one.name): one.origin for one in self.key_variables if one.origin}
        return {**origins, **own}


def reference_of(variable: str) -> str:
    """How compilation names a variable's key beside delivered secrets."""
    return f"{_SCHEME}{variable}"


def variable_of(reference: str) -> str:
    """The variable that a reference means; empty for a delivered secret's."""
    return reference.removeprefix(_SCHEME) if reference.startswith(_SCHEME) else ""
