"""What the older routers passed over and the contract refuses, put right so that the document does what they did."""

from __future__ import annotations

from typing import Any, Final

from contract.faults import item, under
from contract.migration.moved_keys import routings
from contract.migration.notes import Journal
from contract.migration.old_models import BINDING_FIELDS
from contract.migration.old_plugins import mend_plugins
from contract.migration.places import elements, places
from contract.migration.rule_trees import simplified
from contract.routing.mmlu import CATEGORIES

_QUOTED: Final = "older routers took keywords as words even then; method regex takes them as patterns now"
_NO_CATEGORY: Final = "is no category of the classifier and never matched"
_NO_FAMILY: Final = "is not among the reasoning families, so the model was never told to reason"


def repair(document: dict[str, Any], journal: Journal) -> None:
    """In place; only for files of an older layout."""
    for path, routing in routings(document):
        for at, decision in elements(routing, "decisions", under(path, "decisions")):
            mend_plugins(decision, at, journal)
            _mend_rules(decision, at, journal)
        for at, rule in elements(_section(routing, "signals"), "keywords", f"{path}.signals.keywords"):
            if rule.get("method") == "regex":
                del rule["method"]
                journal.moved(under(at, "method"), at, _QUOTED)
        for at, domain in elements(_section(routing, "signals"), "domains", f"{path}.signals.domains"):
            _mend_categories(domain, at, journal)
    _drop_unknown_families(document, journal)
    _drop_bare_models(document, journal)


def _mend_rules(decision: dict[str, Any], at: str, journal: Journal) -> None:
    rules = decision.get("rules")
    simpler = simplified(rules)
    if simpler == rules:
        return
    path = under(at, "rules")
    if simpler is None:
        del decision["rules"]
        journal.moved(path, path, "a decision without rules always matches")
    else:
        decision["rules"] = simpler
        journal.moved(path, path, "is written otherwise and means the same")


def _mend_categories(domain: dict[str, Any], at: str, journal: Journal) -> None:
    categories = domain.get("mmlu_categories")
    if not isinstance(categories, list):
        return
    path = under(at, "mmlu_categories")
    kept: list[Any] = []
    for index, category in enumerate(categories):
        spelt = category.replace("_", " ").lower() if isinstance(category, str) else category
        if spelt not in CATEGORIES:
            journal.dropped(item(path, index), _NO_CATEGORY)
            continue
        if spelt != category:
            journal.moved(item(path, index), item(path, len(kept)), f"is spelt {spelt!r}")
        kept.append(spelt)
    domain["mmlu_categories"] = kept
    if not kept:
        del domain["mmlu_categories"]


def _drop_unknown_families(document: dict[str, Any], journal: Journal) -> None:
    defaults = _section(_section(document, "providers"), "defaults")
    known = _section(defaults, "reasoning_families")
    for place in places(document, "providers.models[].reasoning_family"):
        if isinstance(place.value, str) and place.value not in known:
            place.take()
            journal.dropped(place.path, _NO_FAMILY)


def _drop_bare_models(document: dict[str, Any], journal: Journal) -> None:
    providers = _section(document, "providers")
    for path, model in elements(providers, "models", "providers.models"):
        if not any(model.get(key) for key in BINDING_FIELDS):
            journal.dropped(path, "names neither a place nor how to speak to the model; its card stays")
            providers["models"] = [each for each in providers["models"] if each is not model]
    if providers.get("models") == []:
        del providers["models"]


def _section(holder: dict[str, Any], key: str) -> dict[str, Any]:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}
