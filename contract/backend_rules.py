"""What must hold of one `backend_refs` entry beyond the types of its fields."""

from __future__ import annotations

from typing import Any

from contract.addresses import scheme_of
from contract.faults import FaultLog, shown, under
from contract.headers import looks_like_a_credential
from contract.plain_values import section, text
from contract.provider_types import GENERIC_TYPES, PROVIDER_TYPES, spelled
from contract.spelling import nearest


def check_backend(ref: dict[str, Any], path: str, log: FaultLog) -> None:
    _check_place(ref, path, log)
    _check_types(ref, path, log)
    _check_headers(ref, path, log)


def _check_place(ref: dict[str, Any], path: str, log: FaultLog) -> None:
    endpoint, base_url = text(ref, "endpoint"), text(ref, "base_url")
    if not ref.get("endpoint") and not ref.get("base_url"):
        log.add(path, "required", "requires endpoint or base_url", "say where the model is served")
    if endpoint and base_url:
        log.add(under(path, "base_url"), "conflict", "stands beside endpoint")
    scheme, protocol = scheme_of(endpoint), text(ref, "protocol")
    if scheme and protocol and scheme != protocol:
        log.add(under(path, "protocol"), "conflict", "contradicts the scheme that endpoint spells out")


def _check_types(ref: dict[str, Any], path: str, log: FaultLog) -> None:
    for key in ("type", "provider"):
        name = text(ref, key)
        if name and spelled(name) not in PROVIDER_TYPES and spelled(name) not in GENERIC_TYPES:
            meant = nearest(spelled(name), PROVIDER_TYPES)
            if meant:
                log.add(
                    under(path, key), "value", f"is {shown(name)}, which is no known type", f"did you mean {meant!r}?"
                )


def _check_headers(ref: dict[str, Any], path: str, log: FaultLog) -> None:
    auth_header = text(ref, "auth_header").lower()
    headers_path = under(path, "extra_headers")
    seen: set[str] = set()
    for name in section(ref, "extra_headers"):
        at, lowered = under(headers_path, name), name.lower()
        if lowered in seen:
            log.add(at, "duplicate", "names a header twice, for header names ignore case", "keep one of the two")
        elif looks_like_a_credential(lowered) or lowered == auth_header:
            log.add(at, "secret", "looks like a credential", "give it as api_key, with auth_header naming the header")
        seen.add(lowered)
