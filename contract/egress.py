"""Where requests may go: which addresses no tenant may name, whatever name or notation hides them. Pure.

The control plane asks about what a document spells out, the data plane about every address at the time of use.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final

from contract.faults import Fault, item

if TYPE_CHECKING:
    from contract.workspace_document import WorkspaceDocument

_METADATA: Final = frozenset(
    map(ip_address, ("169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192"))
)
_THIS_NETWORK: Final = IPv4Network("0.0.0.0/8")
_LIKE_A_NUMBER: Final = re.compile(r"(?:.*\.)?(?:0x[0-9a-f]*|[0-9]+)\.?")
# IPv6 addresses that carry an IPv4 address in them: where it is.
_TRANSLATED: Final = ((IPv6Network("64:ff9b::/96"), 0), (IPv6Network("2002::/16"), 80), (IPv6Network("::/96"), 0))

_OUT: Final = ", and requests may not go there; name another"
_LOOPBACK: Final = "is a loopback address; allow it with the setting ALLOW_LOOPBACK_UPSTREAMS if this is one machine"
_PRIVATE: Final = "is no public address; allow it with the setting ALLOW_PRIVATE_UPSTREAMS if upstreams are in there"


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """What the operator allows besides public addresses."""

    allow_loopback: bool = False
    allow_private: bool = False

    def address_problem(self, text: str) -> str | None:
        """Why requests may not go to this address, in its usual notation; None when they may."""
        address = _unwrapped(ip_address(text))
        if address.is_loopback:
            return None if self.allow_loopback else _LOOPBACK
        if forbidden := _forbidden(address):
            return f"is {forbidden}{_OUT}"
        return None if address.is_global or self.allow_private else _PRIVATE

    def host_problem(self, host: str) -> str | None:
        """The same of a host as documents spell it; names say nothing, but for `localhost`."""
        host = host.lower()
        try:
            ip_address(host)
        except ValueError:
            if _LIKE_A_NUMBER.fullmatch(host):
                return "is a number that some read as an address; write it as in 192.0.2.1"
            is_local = host == "localhost" or host.endswith(".localhost")
            return _LOOPBACK if is_local and not self.allow_loopback else None
        return self.address_problem(host)

    def allowed_of(self, addresses: Sequence[str]) -> tuple[str, ...]:
        """Those of a name's addresses that requests may go to."""
        return tuple(one for one in addresses if self.address_problem(one) is None)


STRICT: Final = EgressPolicy()


def egress_faults(document: WorkspaceDocument, policy: EgressPolicy) -> tuple[Fault, ...]:
    """Every place in the document that is spelled as an address where requests may not go."""
    from contract.backends import address_of  # with the models of documents, which a policy alone does not need
    from contract.fields import in_two

    faults = []
    for model_index, model in enumerate(document.providers.models):
        for index, ref in enumerate(model.backend_refs):
            problem = policy.host_problem(address_of(ref).host)
            if problem:
                path = item(f"{item('providers.models', model_index)}.backend_refs", index)
                at = f"{path}.{'base_url' if ref.base_url else 'endpoint'}"
                faults.append(Fault(at, "egress", *in_two(problem)))
    return tuple(faults)


def _forbidden(address: IPv4Address | IPv6Address) -> str | None:
    """What nobody may allow."""
    if address in _METADATA:
        return "where clouds keep credentials of machines"
    if address.is_unspecified or (isinstance(address, IPv4Address) and address in _THIS_NETWORK):
        return "no address of a host"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    return "a reserved address" if address.is_reserved else None


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address leads to, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.is_loopback or address.is_unspecified:
        return address
    for network, shift in _TRANSLATED:
        if address in network:
            return IPv4Address(int(address) >> shift & 0xFFFFFFFF)
    return address
