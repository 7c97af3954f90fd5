"""Page tokens: what was given comes back, what was not is refused, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import tenants_pb2 as tenants
from controlplane.domain.errors import InvalidInput
from controlplane.transport.paging import cut, next_token, page_after, page_size

keys = st.lists(st.text(max_size=40), min_size=1, max_size=3)


def users(**fields: Any) -> configurations.ListActiveUsersRequest:
    """A question."""
    return configurations.ListActiveUsersRequest(**{"workspace_id": "ws_1", **fields})


@given(keys)
def test_a_token_brings_back_its_key(key: list[str]) -> None:
    token = next_token(users(page_size=3), *key)

    assert page_after(users(page_size=7, page_token=token), len(key)) == key


@given(keys, st.integers(min_value=1, max_value=4))
def test_a_token_of_another_shape_is_refused(key: list[str], parts: int) -> None:
    if parts != len(key):
        with pytest.raises(InvalidInput) as refused:
            page_after(users(page_token=next_token(users(), *key)), parts)
        assert [fault.path for fault in refused.value.faults] == ["page_token"]


@pytest.mark.parametrize(
    "other",
    [users(workspace_id="ws_2"), dataplanes.ListDataplanesRequest(workspace_id="ws_1"), tenants.ListTenantsRequest()],
    ids=["another filter", "another list", "a list without filters"],
)
def test_a_token_of_another_question_is_refused(other: Any) -> None:
    other.page_token = next_token(users(), "alice")

    with pytest.raises(InvalidInput):
        page_after(other, 1)


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=80))
def test_any_text_that_is_no_token_of_ours_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        page_after(users(page_token=text), 1)


def test_no_token_starts_at_the_beginning() -> None:
    assert page_after(users(), 2) == ["", ""]


@pytest.mark.parametrize(("asked", "given"), [(0, 50), (1, 1), (50, 50), (1000, 1000), (1001, 1000), (2**31 - 1, 1000)])
def test_sizes_are_coerced(asked: int, given: int) -> None:
    assert page_size(asked) == given


def test_one_more_than_the_size_means_that_another_page_follows() -> None:
    assert cut([1, 2, 3], 2) == ([1, 2], True)
    assert cut([1, 2], 2) == ([1, 2], False)
    assert cut([], 2) == ([], False)
