"""What a consumer key is to data planes, as far as it decides itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from controlplane.domain.keys import ConsumerKey, ConsumerKeyState, SeenConsumerKey
from controlplane.domain.revocations import Revocation

END = datetime(2026, 11, 20, tzinfo=UTC)
KEY = ConsumerKey("ck_1", "ws_1", "ada", "laptop", END - timedelta(days=1), END)
REVOKED = Revocation("ws_1", "ck_1", END, 7, "lost", END - timedelta(hours=1))
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("revocation", "seen_at", "state"),
    [
        (None, END - INSTANT, ConsumerKeyState.LIVE),
        (None, END, ConsumerKeyState.EXPIRED),
        (REVOKED, END - INSTANT, ConsumerKeyState.REVOKED),
        (REVOKED, END + INSTANT, ConsumerKeyState.REVOKED),
    ],
)
def test_a_key_is_live_until_it_ends_or_is_revoked(
    revocation: Revocation | None, seen_at: datetime, state: ConsumerKeyState
) -> None:
    assert SeenConsumerKey(KEY, revocation, seen_at).state is state
