"""`delete document`: asks at a terminal, says what goes, and waits for the proof as a put does."""

from __future__ import annotations

import io
import json
import sys

import pytest

from agentrouter.configurator.v1.backends_pb2 import BackendSummary
from agentrouter.configurator.v1.configurations_pb2 import Configuration, DataplaneVersions
from agentrouter.management.v1 import documents_pb2 as documents
from tests.fakes.product import FakeProduct
from tests.unit.agentrouter_cli.conftest import Call

DELETE = ("delete", "document", "--user", "ada")


class Terminal(io.StringIO):
    """Somebody who types this."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def stored(product: FakeProduct) -> FakeProduct:
    """A product in which ada's document is a tombstone as soon as somebody looks."""
    proven = DataplaneVersions(dataplane_id="dp_1", desired_version=9, applied_version=9, running_version=9)
    product.configurations.append(Configuration(user_id="ada", version=9, dataplanes=[proven]))
    product.backends.append(BackendSummary(name="mine"))
    return product


def asked(product: FakeProduct) -> list[bool]:
    """Of each request, whether it was a dry run."""
    return [each.validate_only for each in product.asked_for(documents.DeleteDocumentRequest)]


def test_a_removal_is_waited_for_until_it_is_proven(stored: FakeProduct, cli: Call) -> None:
    outcome = cli(*DELETE, "--reason", "left")

    assert outcome.exit_code == 0
    assert "the consumer ada document with its backends mine is removed" in outcome.out
    assert "version 9, a tombstone: applied and proven by 1 data plane" in outcome.out
    assert stored.asked_for(documents.DeleteDocumentRequest)[0].reason == "left"


@pytest.mark.parametrize(("typed", "exit_code", "calls"), [("y\n", 0, [True, False]), ("n\n", 1, [True])])
def test_whoever_sits_at_a_terminal_is_asked_with_what_would_go(
    stored: FakeProduct, cli: Call, monkeypatch: pytest.MonkeyPatch, typed: str, exit_code: int, calls: list[bool]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))

    outcome = cli(*DELETE, "--no-wait")

    assert outcome.exit_code == exit_code
    assert "the consumer ada document with its backends mine will be removed; go on?" in outcome.err
    assert asked(stored) == calls


def test_nobody_is_asked_who_said_yes(stored: FakeProduct, cli: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(""))

    assert cli(*DELETE, "--yes", "--no-wait").exit_code == 0
    assert asked(stored) == [False]


def test_a_dry_run_stores_nothing(stored: FakeProduct, cli: Call) -> None:
    outcome = cli(*DELETE, "--dry-run")

    assert "would be removed (dry run, nothing was changed)" in outcome.out
    assert asked(stored) == [True]


def test_a_removal_for_programs_has_the_names_of_a_put(stored: FakeProduct, cli: Call) -> None:
    (one,) = json.loads(cli(*DELETE, "--no-wait", "--output", "json").out)["documents"]

    assert (one["user_id"], one["document_version"], one["version"], one["outcome"]) == ("ada", 5, 9, "stored")


def test_without_a_name_nothing_is_removed(product: FakeProduct, cli: Call) -> None:
    outcome = cli("delete", "document", "--user", "")

    assert (outcome.exit_code, asked(product)) == (2, [])
