"""The order of the steps, and which layout a file has."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from contract.faults import ContractError, Fault, FaultLog, shown
from contract.flat_keys import FLAT_GLOBAL, FLAT_PROVIDERS, FLAT_ROUTING
from contract.migration.cards import complete_cards
from contract.migration.conflicts import require_one_cache
from contract.migration.leftovers import drop_unknown
from contract.migration.litellm import import_litellm, is_litellm
from contract.migration.moved_keys import move_all, rename_all, retire_all, routings
from contract.migration.notes import Journal, Layout, Migration
from contract.migration.old_decisions import mend_decisions
from contract.migration.old_models import split_models
from contract.migration.old_services import mend_services
from contract.migration.old_triggers import mend_triggers
from contract.migration.repairs import repair
from contract.plain_values import plain

VERSION: Final = "v0.3"

_SECTIONS: Final = ("version", "listeners", "providers", "routing", "entrypoints", "recipes", "setup", "global")
_OLD_SECTIONS: Final = frozenset(
    {*FLAT_GLOBAL, *FLAT_PROVIDERS, *FLAT_ROUTING, "model_config", "vllm_endpoints", "backend_models"}
)


def migrate(raw: Mapping[str, Any]) -> Migration:
    """The document that a file of any known layout describes; a canonical one comes back as it is.

    Raises ContractError for what is no router's file at all, and for a file that contradicts itself.
    """
    log = FaultLog()
    source = plain(raw, log)
    log.raise_if_any()
    journal = Journal()
    if is_litellm(source):
        return journal.migration(Layout.LITELLM, import_litellm(source, journal), changed=True)
    document, layout = copy.deepcopy(source), _layout(source)
    _migrate_legacy(document, journal, is_old=layout is Layout.LEGACY)
    return journal.migration(layout, document, changed=document != source)


def _layout(source: dict[str, Any]) -> Layout:
    if not set(source) & (set(_SECTIONS) - {"version"} | _OLD_SECTIONS):
        named = ", ".join(shown(key) for key in sorted(source)[:20])
        message = f"is no router's file: none of its top-level keys is known ({named})"
        raise ContractError([Fault("", "not_canonical", message)])
    is_canonical = source.get("version") == VERSION and set(source) <= set(_SECTIONS)
    return Layout.CANONICAL if is_canonical else Layout.LEGACY


def _migrate_legacy(document: dict[str, Any], journal: Journal, *, is_old: bool) -> None:
    require_one_cache(document)
    move_all(document, journal)
    split_models(document, journal)
    rename_all(document, journal)
    mend_services(document, journal)
    retire_all(document, journal)
    for path, routing in routings(document):
        mend_decisions(routing, path, journal)
    if is_old:
        repair(document, journal)
    for path, routing in routings(document):
        mend_triggers(routing, path, journal)
    complete_cards(document, journal, of_decisions=is_old)
    if is_old:
        _say_version(document, journal)
        drop_unknown(document, journal)


def _say_version(document: dict[str, Any], journal: Journal) -> None:
    if document.get("version") != VERSION:
        journal.moved("version", "version", f"is {VERSION} now")
        document["version"] = VERSION
    if "routing" not in document and "global" not in document:
        document["routing"] = {}
    ordered = {key: document[key] for key in (*_SECTIONS, *document) if key in document}
    document.clear()
    document.update(ordered)
