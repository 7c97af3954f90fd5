"""Parts of a workspace document that are judged by themselves: where they belong, and what cannot be known of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from contract.faults import Fault
from contract.plain_values import section

VERSION: Final = "v0.3"

_PLACES: Final = {"algorithm": "routing.decisions[0].algorithm", "plugin": "routing.decisions[0].plugins[0]"}
"""What a file may hold that is smaller than a section, and where it is judged."""

_NEEDED: Final = (
    (r"providers\.defaults\.default_model", ("routing", "modelCards")),
    (r"providers\.models\[\d+\]\.name", ("routing", "modelCards")),
    (r"providers\.models\[\d+\]\.reasoning_family", ("providers", "defaults", "reasoning_families")),
    (r"entrypoints\[\d+\]\.recipe", ("recipes",)),
    (r"routing\.signals\.embeddings\[\d+\]\.query_modality", ("global", "model_catalog")),
    (r"routing\.decisions\[\d+\]\.(rules|algorithm|plugins|emits|adaptations)\b.*", ("routing", "signals")),
    (r"routing\.(signals|projections)\b.*", ("routing", "signals")),
    (r"routing\.signals\.kb\b.*", ("global", "model_catalog", "kbs")),
    (r"routing\.projections\.scores\b.*\.(kb|metric)", ("global", "model_catalog", "kbs")),
    (r"routing\.signals\.classifiers\[\d+\]\.model", ("global", "model_catalog", "external")),
    (r"routing\.(decisions|signals)\b.*\.(model|lora_name)", ("routing", "modelCards")),
)
_KNOWN_BY: Final = tuple((re.compile(pattern), way) for pattern, way in _NEEDED)
"""Places of references, and the section that declares what they name: without it they cannot be judged."""


def in_its_place(raw: dict[str, Any]) -> dict[str, Any]:
    """The document that holds the fragment and nothing else."""
    document = {key: value for key, value in raw.items() if key not in _PLACES}
    document.setdefault("version", VERSION)
    decision: dict[str, Any] = {}
    if "algorithm" in raw:
        decision["algorithm"] = raw["algorithm"]
    if "plugin" in raw:
        decision["plugins"] = [raw["plugin"]]
    if decision:
        routing = document.get("routing")
        document["routing"] = {**(routing if isinstance(routing, dict) else {}), "decisions": [decision]}
    return document


def places_of(raw: dict[str, Any]) -> dict[str, str]:
    """Where the parts smaller than a section are judged, by the key they have in the fragment."""
    return {key: place for key, place in _PLACES.items() if key in raw}


def as_written(faults: Iterable[Fault], places: Mapping[str, str]) -> tuple[Fault, ...]:
    """The faults with the paths of the fragment instead of those of the document it was put into."""
    return tuple(replace(fault, path=_as_written(fault.path, places)) for fault in faults)


def cannot_be_known(fault: Fault, fragment: dict[str, Any]) -> bool:
    """Whether a reference names what the rest of the document, which is not there, may declare."""
    if fault.code != "reference":
        return False
    return any(pattern.fullmatch(fault.path) and not _is_there(fragment, way) for pattern, way in _KNOWN_BY)


def _as_written(path: str, places: Mapping[str, str]) -> str:
    for key, place in places.items():
        if path == place or path.startswith((f"{place}.", f"{place}[")):
            return key + path.removeprefix(place)
    return path


def _is_there(fragment: dict[str, Any], way: tuple[str, ...]) -> bool:
    *holders, last = way
    for key in holders:
        fragment = section(fragment, key)
    return bool(fragment.get(last))
