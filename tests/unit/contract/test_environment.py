"""Environment variables are filled in everywhere at once, and a missing key is named before anything is sent."""

from __future__ import annotations

import pytest

from contract import ContractError, expand_environment, parse_workspace, unresolved_environment
from tests.unit.contract.documents import with_backend

ENV = {"KEY": "sk-1", "EMPTY": "", "NESTED": "$KEY"}
AT = "providers.models[0].backend_refs[0].api_key_env"


@pytest.mark.parametrize(
    ("written", "expanded"),
    [
        ("$KEY-$KEY", "sk-1-sk-1"),
        ("a${KEY}b", "ask-1b"),
        ("${EMPTY-d}", ""),
        ("${EMPTY:-d}", "d"),
        ("${UNSET-}", ""),
        ("${UNSET:-a:-b}", "a:-b"),
        ("${NESTED}", "$KEY"),
        ("${KEY", "${KEY"),
        ("$", "$"),
        ("$-", "$-"),
        ("$$KEY", "$KEY"),
        ("$$$KEY", "$sk-1"),
        ("${}", ""),
        ("${no name}", ""),
    ],
)
def test_references_are_replaced_once_and_the_rest_stays(written: str, expanded: str) -> None:
    assert expand_environment({"a": [written]}, ENV) == {"a": [expanded]}


def test_keys_and_other_values_are_left_alone() -> None:
    raw = {"$KEY": 1, "b": [None, True, 1.5]}

    assert expand_environment(raw, ENV) == raw


def test_a_named_variable_becomes_the_key() -> None:
    expanded = expand_environment(with_backend(api_key_env="KEY"), ENV)

    assert expanded == with_backend(api_key="sk-1")


def test_a_given_key_wins_over_the_variable() -> None:
    expanded = expand_environment(with_backend(api_key="given", api_key_env="UNSET"), ENV)

    assert expanded == with_backend(api_key="given")


def test_a_key_that_expands_to_nothing_does_not_win() -> None:
    expanded = expand_environment(with_backend(api_key="${UNSET}", api_key_env="KEY"), ENV)

    assert expanded == with_backend(api_key="sk-1")


@pytest.mark.parametrize("variable", ["UNSET", "EMPTY"])
def test_a_variable_without_a_value_is_a_fault_that_names_it(variable: str) -> None:
    with pytest.raises(ContractError, match=variable) as refusal:
        expand_environment(with_backend(api_key_env=variable), ENV)

    assert [(fault.path, fault.code) for fault in refusal.value.faults] == [(AT, "environment")]


def test_the_given_mapping_is_not_changed() -> None:
    raw = with_backend(api_key_env="KEY")

    expand_environment(raw, ENV)

    assert raw == with_backend(api_key_env="KEY")


def test_backends_that_still_wait_for_a_variable_are_listed() -> None:
    waiting = unresolved_environment(parse_workspace(with_backend(api_key_env="KEY")))
    served = unresolved_environment(parse_workspace(with_backend(api_key_env="KEY", api_key="k")))

    assert [(fault.path, fault.code) for fault in waiting] == [(AT, "environment")]
    assert served == ()
