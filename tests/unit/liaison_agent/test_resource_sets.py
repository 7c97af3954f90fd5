"""Sets of resources: as good as dictionaries, and what differs is found whatever they share."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from liaison_agent.state import Desired, Resource, ResourceKey, ResourceSet

bodies = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b"]), st.text(max_size=2)), st.binary(max_size=2), max_size=30
)


def resources(wanted: dict[ResourceKey, bytes]) -> list[Resource]:
    return [Resource.of(kind, name, body, "config/") for (kind, name), body in wanted.items()]


@given(first=bodies, then=bodies)
def test_what_differs_between_two_sets_turns_the_one_into_the_other(
    first: dict[ResourceKey, bytes], then: dict[ResourceKey, bytes]
) -> None:
    before, after = ResourceSet(resources(first)), ResourceSet(resources(then))

    changed, removed = before.diff(after)

    assert {one.key for one in changed} == {key for key, body in then.items() if first.get(key) != body}
    assert set(removed) == first.keys() - then.keys()
    assert before.changed_by(changed, removed) == after


@given(first=bodies, put=bodies, data=st.data())
def test_a_changed_set_is_a_new_one_and_leaves_the_old_alone(
    first: dict[ResourceKey, bytes], put: dict[ResourceKey, bytes], data: st.DataObject
) -> None:
    before = ResourceSet(resources(first))
    drop = data.draw(st.lists(st.sampled_from(sorted({**first, **put, ("a", "none"): b""}))))

    after = before.changed_by(resources(put), drop)

    kept = {key: body for key, body in first.items() if key not in drop}
    assert {key: one.body for key, one in before.items()} == first
    assert {key: one.body for key, one in after.items()} == {**kept, **put}
    assert len(after) == len({**kept, **put})


def test_equal_bodies_have_equal_versions_and_no_difference() -> None:
    one, other = (ResourceSet([Resource.of("a", "x", b"same", slot)]) for slot in ("config/", "config/c1"))

    assert one.diff(other) == ((), ())


def test_neither_secrets_nor_bodies_show_in_a_repr() -> None:
    wanted = Desired("ws", {}, b"{}", {"secret://a@1": "hidden"})
    resource = Resource.of("a", "x", b"hidden", "config/")

    assert "hidden" not in repr(wanted) + repr(resource) + repr(ResourceSet([resource]))
