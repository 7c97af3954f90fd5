"""The base document with one decision, and how to give that decision an algorithm or a plugin."""

from __future__ import annotations

from typing import Any

from contract import parse_workspace
from contract.routing.algorithms import Algorithm
from contract.routing.decisions import Decision
from contract.routing.plugins import Plugin
from tests.unit.contract.documents import with_value

DECISION = "routing.decisions[0]"
ALGORITHM = f"{DECISION}.algorithm"
CONFIGURATION = f"{DECISION}.plugins[0].configuration"


def deciding(**fields: object) -> dict[str, Any]:
    """Two models may answer, `fast` and `slow`; the fields are added or stand for those given here."""
    return with_value(
        "routing.decisions", [{"name": "d", "modelRefs": [{"model": "fast"}, {"model": "slow"}], **fields}]
    )


def choosing(kind: str, block: object = None, **fields: object) -> dict[str, Any]:
    """The decision chooses by this algorithm, with its own block if one is given."""
    own = {} if block is None else {kind: block}
    return deciding(algorithm={"type": kind, **own, **fields})


def plugged(kind: str, **configuration: object) -> dict[str, Any]:
    """The decision has this plugin alone."""
    return deciding(plugins=[{"type": kind, "configuration": configuration}])


def decision_of(raw: dict[str, Any]) -> Decision:
    return parse_workspace(raw).routing.decisions[0]


def algorithm_of(raw: dict[str, Any]) -> Algorithm:
    algorithm = decision_of(raw).algorithm
    assert algorithm is not None
    return algorithm


def plugin_of(raw: dict[str, Any]) -> Plugin:
    return decision_of(raw).plugins[0]
