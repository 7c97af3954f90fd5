"""Directives: how they are written, which one wins, how often a failure happens."""

from __future__ import annotations

import pytest

from agentrouter_cli.demo_provider.behaviour import (
    Behaviour,
    BehaviourError,
    Failure,
    Script,
    parse_header,
    split_model,
)


def test_directives_are_read_from_a_models_name() -> None:
    assert split_model("small+delay=0.5+echo") == ("small", {"delay": "0.5", "echo": ""})


def test_directives_are_read_from_a_header_with_dashes_for_underscores() -> None:
    assert parse_header("die-after=3; tokens=7 ;") == {"die_after": "3", "tokens": "7"}


def test_each_directive_becomes_its_value() -> None:
    behaviour = Behaviour().changed_by(
        {"fail": "503x2", "delay": "1.5", "token_delay": "0.1", "die_after": "0", "tokens": "9", "echo": ""}
    )

    assert behaviour == Behaviour(Failure(503, 2), 1.5, 0.1, 0, 9, True)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fail", "200"),
        ("fail", "503x0"),
        ("fail", "soon"),
        ("delay", "-1"),
        ("delay", "nan"),
        ("delay", "601"),
        ("die_after", "-1"),
        ("tokens", "many"),
        ("unheard_of", "1"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(BehaviourError, match=name):
        Behaviour().changed_by({name: text})


def test_the_header_wins_over_the_models_name_and_that_over_the_admin() -> None:
    script = Script()
    script.set("alpha", {"delay": "1", "tokens": "1", "die_after": "1"})

    behaviour = script.behaviour_for("alpha", {"delay": "2", "tokens": "2"}, {"delay": "3"})

    assert (behaviour.delay, behaviour.tokens, behaviour.die_after) == (3.0, 2, 1)


def test_what_is_set_for_one_provider_leaves_the_others_alone() -> None:
    script = Script()
    script.set("alpha", {"fail": "503"})

    assert script.behaviour_for("beta") == Behaviour()


def test_a_counted_failure_ends_and_starts_again_when_it_is_set_again() -> None:
    script = Script()
    failure = Failure(503, 2)

    first = [script.takes_failure("alpha", "small", failure) for _ in range(3)]
    script.set("alpha", {"fail": "503x2"})
    again = script.takes_failure("alpha", "small", failure)

    assert (first, again) == ([True, True, False], True)


def test_a_cleared_provider_behaves_again() -> None:
    script = Script()
    script.set("alpha", {"fail": "reset"})

    script.clear("alpha")

    assert script.behaviour_for("alpha") == Behaviour()
