"""What a rehearsal names: ids like real ones, that sort as they do and never are one."""

from __future__ import annotations

import pytest

from controlplane.services.rehearsals import RehearsedIds, names_undone
from controlplane.system import UlidIds


def test_ids_of_a_rehearsal_have_the_form_of_real_ones_and_sort_after_them_in_order() -> None:
    real = UlidIds()
    ids = RehearsedIds(real)

    made = [ids.new("evt") for _ in range(100)]

    assert made == sorted(set(made))
    assert {len(each) for each in made} == {len(real.new("evt"))}
    assert real.new("evt") < made[0]


def test_they_can_be_told_from_real_ones() -> None:
    real = UlidIds()

    assert names_undone(RehearsedIds(real).new("dk"))
    assert not names_undone(real.new("dk"))


@pytest.mark.parametrize(
    "word", ["", "evt_7", "7zzzzzzzzzzzzzzzzzzzzzzzzz", "a reason", "EVT_7zzzzzzzzzzzzzzzzzzzzzzzzz"]
)
def test_other_words_are_left_alone(word: str) -> None:
    assert not names_undone(word)
