"""A woken crowd comes back when all of it was answered, and not at once."""

from datetime import timedelta

import pytest

from controlplane.services.pauses import BACK, CROWD, LONGEST, pause_after


@pytest.mark.parametrize("crowd", [0, 1, CROWD - 1])
def test_a_few_come_back_at_once(crowd: int) -> None:
    assert pause_after(crowd, 0.99) == timedelta()


def test_nobody_of_a_crowd_is_back_before_the_others_are_answered() -> None:
    earliest, last = pause_after(BACK, 0), pause_after(BACK, 1)

    assert (earliest, last) == (timedelta(milliseconds=333), timedelta(seconds=1))


def test_the_largest_crowd_waits_no_longer_than_the_limit() -> None:
    assert pause_after(10**9, 1) == timedelta(seconds=LONGEST)


def test_pauses_are_whole_milliseconds_so_that_many_share_one() -> None:
    assert pause_after(CROWD, 0.123456789).microseconds % 1000 == 0
