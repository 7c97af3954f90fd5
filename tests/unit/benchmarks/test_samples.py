"""Medians, percentiles and ratios, on figures small enough to check by hand."""

from __future__ import annotations

import pytest

from benchmarks.samples import Measured, middle, percentile, ratio


def test_a_percentile_is_one_of_the_values_and_covers_at_least_its_share() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]

    assert [percentile(values, share) for share in (0.2, 0.21, 0.5, 0.99, 1.0)] == [1.0, 2.0, 3.0, 5.0, 5.0]


def test_the_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 0.0) == percentile([7.0], 0.99) == 7.0


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="of nothing"):
        percentile([], 0.5)


def test_the_middle_takes_the_median_of_each_figure_by_itself() -> None:
    runs = [Measured(10, 1.0, 9.0, 5.0, 1.0), Measured(30, 3.0, 1.0, 6.0, 2.0), Measured(20, 2.0, 5.0, 4.0, 9.0)]

    assert middle(runs) == Measured(20, 2.0, 5.0, 5.0, 2.0)


def test_a_ratio_pairs_repetitions_so_that_a_machine_twice_as_slow_does_not_change_it() -> None:
    found = ratio([90.0, 45.0, 9.0], [100.0, 50.0, 10.0])

    assert (found.median, found.least, found.most) == (0.9, 0.9, 0.9)


def test_a_ratio_keeps_its_extremes() -> None:
    assert str(ratio([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])) == "2.00 [1.00-3.00]"


@pytest.mark.parametrize(("of", "beside"), [([], []), ([1.0], [1.0, 2.0])])
def test_a_ratio_of_different_repetitions_is_refused(of: list[float], beside: list[float]) -> None:
    with pytest.raises(ValueError, match="same repetitions"):
        ratio(of, beside)
