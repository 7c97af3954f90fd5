"""The line of an upgrade's phases, walked whole."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from controlplane.domain.errors import StateConflict
from controlplane.domain.upgrades import TRANSITIONS, Upgrade, UpgradePhase

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ENDS = {UpgradePhase.COMPLETED, UpgradePhase.CANCELLED, UpgradePhase.FAILED, UpgradePhase.ROLLED_BACK}


def upgrade(phase: UpgradePhase) -> Upgrade:
    """One in that phase, with credentials."""
    return Upgrade("evt", "ws", "dp", 1, phase, "2", "r", "u", b"sealed", NOW, "", NOW, NOW)


@pytest.mark.parametrize("phase", UpgradePhase)
@pytest.mark.parametrize("following", UpgradePhase)
def test_only_what_the_table_allows_follows(phase: UpgradePhase, following: UpgradePhase) -> None:
    if following in TRANSITIONS[phase]:
        assert upgrade(phase).to(following, NOW).phase is following
    else:
        with pytest.raises(StateConflict):
            upgrade(phase).to(following, NOW)


@pytest.mark.parametrize("phase", UpgradePhase)
def test_an_end_has_no_way_out_and_every_other_phase_has(phase: UpgradePhase) -> None:
    assert upgrade(phase).ended == (phase in ENDS)


@pytest.mark.parametrize("phase", [phase for phase in UpgradePhase if phase not in ENDS])
def test_credentials_are_wiped_with_the_end(phase: UpgradePhase) -> None:
    ended = upgrade(phase).to(UpgradePhase.FAILED, NOW, "why")

    assert (ended.sealed, ended.error) == (b"", "why")


@pytest.mark.parametrize("phase", [phase for phase in UpgradePhase if phase not in ENDS | {UpgradePhase.ROLLING_BACK}])
def test_every_running_upgrade_but_a_cancelled_one_can_be_cancelled(phase: UpgradePhase) -> None:
    assert (UpgradePhase.CANCELLING in TRANSITIONS[phase]) == (phase is not UpgradePhase.CANCELLING)
