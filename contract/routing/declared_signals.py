"""What a routing section declares, so that rules elsewhere in it can be held to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from contract.plain_values import entries, section, text

ScoredType = Literal[
    "keyword",
    "embedding",
    "domain",
    "fact_check",
    "user_feedback",
    "reask",
    "preference",
    "language",
    "context",
    "structure",
    "complexity",
    "modality",
    "authz",
    "jailbreak",
    "pii",
    "kb",
    "conversation",
    "event",
]
"""Families whose signals a score may be made of, too."""

LeafType = Literal[ScoredType, "metadata", "classifier", "projection"]

LEAF_TYPES: Final[tuple[str, ...]] = get_args(LeafType)

FAMILY_OF_TYPE: Final[Mapping[str, str]] = {
    "keyword": "keywords",
    "embedding": "embeddings",
    "domain": "domains",
    "fact_check": "fact_check",
    "user_feedback": "user_feedbacks",
    "reask": "reasks",
    "preference": "preferences",
    "language": "language",
    "context": "context",
    "structure": "structure",
    "complexity": "complexity",
    "modality": "modality",
    "authz": "role_bindings",
    "jailbreak": "jailbreak",
    "pii": "pii",
    "kb": "kb",
    "conversation": "conversation",
    "event": "events",
    "metadata": "metadata",
    "classifier": "classifiers",
}
"""The key of routing.signals that declares the names of a leaf type; `projection` has none there."""


Names = Mapping[str, None]
"""Names in the order of the document, looked up at once."""

NO_NAMES: Final[Names] = {}


@dataclass(frozen=True, slots=True)
class DeclaredClassifier:
    """What conditions on a classifier must know of it."""

    is_local: bool
    labels: Names


@dataclass(frozen=True, slots=True)
class DeclaredSignals:
    """The names of one routing section by leaf type, the roles it gives, and more of its classifiers, by name."""

    names: Mapping[str, Names]
    roles: Names
    classifiers: Mapping[str, DeclaredClassifier]

    def of(self, leaf_type: str) -> Names:
        return self.names.get(leaf_type, NO_NAMES)

    def has(self, leaf_type: str, name: str) -> bool:
        return name in self.of(leaf_type)

    def takes_any(self, leaf_type: str) -> bool:
        """Whether nothing can be said of a name: a section that declares no domains has those that its rules name."""
        return leaf_type == "domain" and not self.of("domain")


def declared_signals(routing: dict[str, Any]) -> DeclaredSignals:
    """What a fitted `routing` mapping, of a document or of a recipe, declares for its own rules."""
    signals = section(routing, "signals")
    names = {leaf: _names(signals, family) for leaf, family in FAMILY_OF_TYPE.items()}
    roles = _names(signals, "role_bindings", "role")
    names["authz"] = {**roles, **names["authz"]}
    mappings = entries(section(routing, "projections"), "mappings", "")
    names["projection"] = {name: None for _, mapping in mappings for name in _names(mapping, "outputs")}
    classifiers = {text(rule, "name"): _classifier(rule) for _, rule in entries(signals, "classifiers", "")}
    return DeclaredSignals(names, roles, classifiers)


def _names(holder: dict[str, Any], key: str, field: str = "name") -> Names:
    return dict.fromkeys(name for _, entry in entries(holder, key, "") if (name := text(entry, field)))


def _classifier(rule: dict[str, Any]) -> DeclaredClassifier:
    labels = rule.get("labels")
    named = (label for label in labels if isinstance(label, str)) if isinstance(labels, list) else ()
    return DeclaredClassifier(text(rule, "type") == "local", dict.fromkeys(named))
