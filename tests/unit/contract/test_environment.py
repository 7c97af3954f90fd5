"""Environment variables are filled in everywhere at once, and a missing key is named before anything is sent."""

from __future__ import annotations

import pytest

from contract import escape_environment, expand_environment, parse_workspace, unset_variables
from tests.unit.contract.documents import with_backend

ENV = {"KEY": "sk-1", "EMPTY": "", "NESTED": "$KEY"}


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


def test_a_backends_variable_is_the_data_planes_and_stays() -> None:
    raw = with_backend(api_key_env="KEY")

    assert expand_environment(raw, ENV) == raw
    assert parse_workspace(raw).providers.models[0].backend_refs[0].api_key_env == "KEY"


def test_what_a_plugin_is_configured_with_is_left_alone_and_the_rest_of_it_is_not() -> None:
    plugin = {"type": "$KEY", "configuration": {"system_prompt": "pay $KEY, $$ and ${KEY}", "deep": [{"a": "$KEY"}]}}
    raw = {"routing": {"decisions": [{"description": "$KEY", "plugins": [plugin]}]}}

    expanded = expand_environment(raw, ENV)

    [decision] = expanded["routing"]["decisions"]
    assert decision == {"description": "sk-1", "plugins": [{**plugin, "type": "sk-1"}]}


def test_what_was_escaped_is_expanded_to_itself_plugins_too() -> None:
    plugin = {"type": "system_prompt", "configuration": {"system_prompt": "$KEY $$ ${KEY}"}}
    document = {"a": ["$KEY", "$$", "${X:-d}", "5 $", "$-"], "plugins": [plugin, "$KEY"]}

    assert expand_environment(escape_environment(document), ENV) == document


def test_unset_variables_are_those_without_a_value_or_a_default() -> None:
    document = {
        "a": ["$UNSET $KEY", "${GONE}", "${OTHER:-d}${EMPTY}", "$$LITERAL"],
        "plugins": [{"configuration": "$X"}],
    }

    assert unset_variables(document, ENV) == ("GONE", "UNSET")


def test_the_given_mapping_is_not_changed() -> None:
    raw = with_backend(api_key_env="KEY")

    expand_environment(raw, ENV)

    assert raw == with_backend(api_key_env="KEY")
