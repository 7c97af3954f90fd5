"""A configuration's tombstone: the next version, with nothing in it."""

from __future__ import annotations

from datetime import UTC, datetime

from controlplane.domain.configurations import Configuration, ConfigurationState

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_a_tombstone_keeps_the_line_and_nothing_of_the_document() -> None:
    active = Configuration(
        "ws_1", "ada", 4, 9, "d" * 64, ConfigurationState.ACTIVE, b"{}", ("secret://byok/ada/mine@3",), "put", NOW
    )

    removed = active.removed(5, 12, "left", NOW)

    assert removed == Configuration("ws_1", "ada", 5, 12, "", ConfigurationState.REMOVED, b"", (), "left", NOW)
    assert removed.slot == active.slot
