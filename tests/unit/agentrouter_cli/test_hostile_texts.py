"""Names, reasons and errors are written by others; none of them steers the terminal of whoever reads them."""

from __future__ import annotations

import json

import pytest

from tests.fakes.product import FakeProduct
from tests.unit.agentrouter_cli.conftest import Call

STEERING = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202etxt\u2066\x7f\r"


def steers(shown: str) -> set[str]:
    """The signs in it that a terminal acts upon."""
    return {sign for sign in STEERING if not sign.isprintable()} & set(shown)


@pytest.mark.parametrize("output", ["table", "json"])
def test_a_name_that_would_steer_the_terminal_is_written_out(product: FakeProduct, cli: Call, output: str) -> None:
    outcome = cli("keys", "management", "create", STEERING, "--output", output)

    assert outcome.exit_code == 0
    assert not steers(outcome.out + outcome.err)
    assert "\\u001b" in outcome.out


def test_json_that_is_shown_reads_back_as_what_was_stored(product: FakeProduct, cli: Call) -> None:
    shown = cli("keys", "management", "create", STEERING, "--output", "json").out

    assert json.loads(shown)["key"]["name"] == STEERING


def test_a_refusal_that_repeats_such_a_text_does_not_steer_either(product: FakeProduct, cli: Call) -> None:
    outcome = cli("keys", "management", "create", "ci", "--role", STEERING)

    assert outcome.exit_code == 2
    assert not steers(outcome.err)
