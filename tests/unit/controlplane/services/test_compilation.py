"""What was compiled counts only while its inputs are what is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from controlplane.domain.documents import SourceDocument
from controlplane.services.compilation import Prepared
from controlplane.valet.compiling import Compiled

SOURCE = SourceDocument("ws_1", "ada", b"{}", "etg_1", 1, datetime(2026, 11, 20, tzinfo=UTC))
PREPARED = Prepared(SOURCE, Compiled(b"{}", "d", ()))


def test_another_generation_is_another_input() -> None:
    assert PREPARED.holds(replace(SOURCE))
    assert not PREPARED.holds(replace(SOURCE, generation=2))


def test_a_document_that_was_removed_is_no_input_and_neither_is_one_that_was_made_again() -> None:
    """It counts its generations anew, so that a slow compilation would announce the one of before."""
    assert not PREPARED.holds(None)
    assert not PREPARED.holds(replace(SOURCE, etag="etg_2"))
