"""What a decision may say and probably should not: the document stays valid and a warning names the place."""

from __future__ import annotations

from typing import Any

import pytest

from contract import judge_workspace
from tests.unit.contract.routing.deciding import ALGORITHM, CONFIGURATION, DECISION, choosing, deciding, plugged


def _retaining(**retention: object) -> dict[str, Any]:
    return deciding(emits=[{"kind": "retention", "retention": retention}])


BACKEND = f"{CONFIGURATION}.backend_config"


@pytest.mark.parametrize(
    ("raw", "at", "code"),
    [
        (plugged("semantic-cache"), f"{DECISION}.plugins[0].type", "deprecated"),
        (plugged("response_cache", control_header="x-c"), f"{CONFIGURATION}.control_header", "deprecated"),
        (plugged("memory", retrieval_limt=3), f"{CONFIGURATION}.retrieval_limt", "unknown_field"),
        (choosing("hybrid", {"elo_weight": 0.3}), f"{ALGORITHM}.hybrid.elo_weight", "deprecated"),
        (_retaining(), f"{DECISION}.emits[0].retention", "value"),
        (_retaining(ttl_turns=0), f"{DECISION}.emits[0].retention", "value"),
        (plugged("rag", backend_config={"api_key": "sk-1"}), f"{BACKEND}.api_key", "secret"),
        (
            plugged("rag", backend_config={"headers": {"Authorization": "x"}}),
            f"{BACKEND}.headers.Authorization",
            "secret",
        ),
        (
            plugged("header_mutation", add=[{"name": "Authorization", "value": "Bearer x"}]),
            f"{CONFIGURATION}.add[0].value",
            "secret",
        ),
    ],
)
def test_one_doubtful_value_is_one_warning_at_its_place(raw: dict[str, Any], at: str, code: str) -> None:
    judgement = judge_workspace(raw)

    assert judgement.is_valid
    assert [(warning.path, warning.code) for warning in judgement.warnings] == [(at, code)]


@pytest.mark.parametrize(
    "raw",
    [
        plugged("rag", backend_config={"api_key": "secret://search", "token": "${TOKEN}"}),
        plugged("image_gen", backend_config={"api_key": ""}),
        plugged("memory", entirely_different=1),
        _retaining(ttl_turns=0, drop=True),
    ],
)
def test_references_and_what_nobody_can_know_are_no_reason_to_warn(raw: dict[str, Any]) -> None:
    assert judge_workspace(raw).findings == ()
