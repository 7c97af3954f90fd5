"""Settings of `global` whose shape changed, not only their place."""

from __future__ import annotations

from typing import Any, Final

from contract.addresses import AddressError, parse_endpoint
from contract.faults import under
from contract.migration.notes import Journal
from contract.migration.places import mapping, places, settle

_EXTERNAL: Final = "global.model_catalog.external[]"
_TRACING: Final = "global.services.observability.tracing"


def mend_services(document: dict[str, Any], journal: Journal) -> None:
    """In place; what has the new shape stays as it is."""
    for place in places(document, f"{_EXTERNAL}.endpoint"):
        _split_endpoint(place.holder, place.take(), place.path, journal)
    for place in places(document, f"{_TRACING}.sampling_rate"):
        rate, sampling = place.take(), mapping(place.holder, "sampling")
        settle(sampling, "rate", rate, (place.path, f"{_TRACING}.sampling.rate"), journal)
        sampling.setdefault("type", "probabilistic")


def _split_endpoint(external: dict[str, Any], written: Any, path: str, journal: Journal) -> None:
    """`host:port` → `llm_endpoint {address, port}`."""
    new_path = f"{path.removesuffix('.endpoint')}.llm_endpoint"
    try:
        address = parse_endpoint(written if isinstance(written, str) else "", None)
    except AddressError:
        journal.undecided(
            path, "is no host and port: write it as llm_endpoint with address, port and protocol", new_path
        )
        return
    parts: dict[str, Any] = {"address": address.host, "port": address.port}
    if address.scheme == "https":
        parts["protocol"] = "https"
    settle(external, "llm_endpoint", parts, (path, new_path), journal)
    if address.path:
        journal.undecided(path, "has a path, for which llm_endpoint has no field", under(new_path, "address"))
