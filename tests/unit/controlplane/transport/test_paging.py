"""Page tokens: what was given comes back, what was not is refused, whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.errors import InvalidInput
from controlplane.transport.paging import cut, next_token, page_after, page_size

keys = st.lists(st.text(max_size=40), min_size=1, max_size=3)


@given(keys)
def test_a_token_brings_back_its_key(key: list[str]) -> None:
    assert page_after(next_token(*key), len(key)) == key


@given(keys, st.integers(min_value=1, max_value=4))
def test_a_token_of_another_list_is_refused(key: list[str], parts: int) -> None:
    if parts != len(key):
        with pytest.raises(InvalidInput) as refused:
            page_after(next_token(*key), parts)
        assert [fault.path for fault in refused.value.faults] == ["page_token"]


@given(st.text(min_size=1, max_size=80))
def test_any_text_is_a_token_of_ours_or_refused(text: str) -> None:
    try:
        key = page_after(text, 1)
    except InvalidInput:
        return
    assert len(key) == 1


def test_no_token_starts_at_the_beginning() -> None:
    assert page_after("", 2) == ["", ""]


@pytest.mark.parametrize(("asked", "given"), [(0, 50), (1, 1), (50, 50), (1000, 1000), (1001, 1000), (2**31 - 1, 1000)])
def test_sizes_are_coerced(asked: int, given: int) -> None:
    assert page_size(asked) == given


def test_one_more_than_the_size_means_that_another_page_follows() -> None:
    assert cut([1, 2, 3], 2) == ([1, 2], True)
    assert cut([1, 2], 2) == ([1, 2], False)
    assert cut([], 2) == ([], False)
