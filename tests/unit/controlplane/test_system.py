"""Ids are ULIDs that sort by the time they were made; what spreads polls is spread."""

from __future__ import annotations

import time

from ulid import ULID

from controlplane.system import SystemRandom, UlidIds


def test_an_id_is_a_ulid_of_now() -> None:
    before = time.time_ns() // 1_000_000
    prefix, _, digits = UlidIds().new("evt").partition("_")

    assert (prefix, digits) == ("evt", digits.lower())
    assert before <= ULID.from_str(digits.upper()).milliseconds <= time.time_ns() // 1_000_000


def test_ids_sort_as_they_were_made_also_within_a_millisecond() -> None:
    ids = UlidIds()

    made = [ids.new("evt") for _ in range(5000)]

    assert made == sorted(set(made))
    assert {len(each) for each in made} == {len("evt_") + 26}


def test_fractions_are_spread_between_nought_and_one() -> None:
    fractions = [SystemRandom().fraction() for _ in range(200)]

    assert all(0 <= each < 1 for each in fractions)
    assert len(set(fractions)) == 200
