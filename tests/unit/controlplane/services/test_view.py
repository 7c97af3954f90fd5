"""The view that polls are answered from, against a model that reads everything again each time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.domain.configurations import Configuration, ConfigurationState, SlotValue
from controlplane.domain.events import Event, EventStatus, EventType
from controlplane.domain.secrets import StoredSecret
from controlplane.services.ports import Made
from controlplane.services.views import Fresh, View

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def configuration(user_id: str, version: int, revision: int) -> Configuration:
    """One version."""
    return Configuration(
        workspace_id="ws_1",
        user_id=user_id,
        version=version,
        revision=revision,
        digest="d",
        state=ConfigurationState.ACTIVE,
        document=b"{}",
        secret_refs=(),
        reason="",
        created_at=NOW,
    )


def event(event_id: str, slot: str, cursor: int, dataplane_id: str = "dp_1") -> Event:
    """A pending one."""
    return Event(
        id=event_id,
        workspace_id="ws_1",
        dataplane_id=dataplane_id,
        type=EventType.CONFIG_UPDATE,
        slot=slot,
        user_id="",
        configuration_version=1,
        status=EventStatus.PENDING,
        cursor=cursor,
        created_at=NOW,
    )


def value(slot: str, revision: int) -> SlotValue:
    """One version of a slot's value."""
    return SlotValue("ws_1", slot, 1, revision, "d", b"{}")


def fresh(revision: int = 0, cursor: int = 0, **fields: Any) -> Fresh:
    """What a read brings; nothing unless said."""
    nothing: dict[str, Any] = {
        name: {} if name == "secrets" else "" if name == "delivery_key_id" else [] for name in Fresh.__slots__[3:]
    }
    return Fresh(**{"whole": False, "revision": revision, "event_cursor": cursor, **nothing, **fields})


@dataclass
class Model:
    """What is stored: the newest of each user, and the revision."""

    revision: int = 0
    newest: dict[str, Configuration] = field(default_factory=dict)

    def change(self, user_id: str) -> Configuration:
        """The user's next version under the next revision."""
        self.revision += 1
        before = self.newest.get(user_id)
        self.newest[user_id] = configuration(user_id, before.version + 1 if before else 1, self.revision)
        return self.newest[user_id]

    def since(self, revision: int) -> list[tuple[int, str]]:
        """What a listing from scratch would show."""
        return sorted((each.revision, user) for user, each in self.newest.items() if each.revision > revision)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["", "alice", "bob", "carol"]), min_size=1, max_size=5), max_size=30))
def test_what_is_newer_than_any_revision_is_what_a_listing_from_scratch_shows(rounds: list[list[str]]) -> None:
    view, model = View("ws_1"), Model()
    for users in rounds:
        before = model.revision
        for user in users:
            model.change(user)
        newer = [each for each in model.newest.values() if each.revision > before]
        view.take(fresh(model.revision, configurations=sorted(newer, key=lambda each: each.revision)))

    for revision in range(model.revision + 2):
        found = [(each.revision, each.user_id) for each in view.configurations_since(revision)]
        assert found == model.since(revision)


def test_the_timeline_is_compacted_and_answers_the_same() -> None:
    view, model = View("ws_1"), Model()
    for number in range(3000):
        view.take(fresh(model.revision + 1, configurations=[model.change(f"user-{number % 5}")]))

    assert len(view.timeline) < 1100
    assert [(each.revision, each.user_id) for each in view.configurations_since(0)] == model.since(0)
    assert len(view.configurations_since(model.revision - 2)) == 2


def test_a_slot_has_one_pending_event_the_newest() -> None:
    view = View("ws_1")
    view.take(fresh(cursor=1, events=[event("evt_1", "config/", 1)]))

    view.take(fresh(cursor=3, events=[event("evt_2", "config/", 2), event("evt_3", "config/alice", 3)]))

    assert [each.id for each in view.events_since("dp_1", 0)] == ["evt_2", "evt_3"]
    assert [each.id for each in view.events_since("dp_1", 2)] == ["evt_3"]
    assert view.rings("dp_1", 2)
    assert not view.rings("dp_1", 3)
    assert not view.rings("dp_2", 0)


def test_an_event_that_waits_for_its_back_off_is_not_brought() -> None:
    view = View("ws_1")
    view.take(fresh(cursor=1, events=[replace(event("evt_1", "config/", 1), not_before=NOW)]))

    assert view.events_since("dp_1", 0) == []


def test_a_closed_event_is_gone_unless_it_became_pending_again_meanwhile() -> None:
    view = View("ws_1")
    view.take(fresh(cursor=2, events=[event("evt_1", "config/", 1), event("evt_2", "config/a", 2)]))
    view.take(fresh(cursor=3, events=[event("evt_2", "config/a", 3)]))

    view.close("dp_1", "evt_1", "1")
    view.close("dp_1", "evt_2", "2")
    view.close("dp_9", "evt_9", "9")

    assert [each.id for each in view.events_since("dp_1", 0)] == ["evt_2"]


def test_only_data_planes_that_got_an_event_are_named() -> None:
    named = View("ws_1").take(fresh(cursor=2, events=[event("e1", "config/", 1), event("e2", "config/", 2, "dp_2")]))

    assert named == {"dp_1", "dp_2"}


def test_reading_everything_again_forgets_what_is_no_longer_there() -> None:
    view = View("ws_1")
    view.take(
        fresh(
            9, 9, configurations=[configuration("gone", 1, 9)], events=[event("e1", "s", 9)], values=[value("old", 9)]
        )
    )

    view.take(fresh(2, 1, whole=True, configurations=[configuration("alice", 1, 2)], values=[value("new", 1)]))

    assert (view.revision, view.event_cursor) == (2, 1)
    assert [each.user_id for each in view.configurations_since(0)] == ["alice"]
    assert [each.slot for each in view.values_since(0, "dp_1")] == ["new"]
    assert view.events_since("dp_1", 0) == []


def test_values_are_told_once_they_are_newer_and_in_their_order() -> None:
    view = View("ws_1")
    view.take(fresh(3, values=[value("b", 3), value("a", 2)]))

    assert [each.slot for each in view.values_since(0, "dp_1")] == ["a", "b"]
    assert [each.slot for each in view.values_since(2, "dp_1")] == ["b"]
    assert view.values_since(3, "dp_1") == []


def test_what_was_made_here_is_entered_without_a_read_if_it_is_just_what_comes_next() -> None:
    view = View("ws_1")
    view.take(fresh(1, 1, configurations=[configuration("", 1, 1)], events=[event("evt_1", "config/", 1)]))

    rung = view.follow(Made((1, 1), (2, 2), (configuration("", 2, 2),), (event("evt_2", "config/", 2),)))

    assert rung == {"dp_1"}
    assert (view.revision, view.event_cursor) == (2, 2)
    assert [each.version for each in view.configurations_since(1)] == [2]
    assert [each.id for each in view.events_since("dp_1", 0)] == ["evt_2"]


def test_what_was_made_here_is_read_when_something_lies_between_or_a_secret_is_not_known() -> None:
    view = View("ws_1")
    view.take(fresh(1, 1))
    with_secret = replace(configuration("", 2, 2), secret_refs=("secret://a@1",))

    skipped = view.follow(Made((2, 1), (3, 1), (configuration("", 2, 3),), ()))
    unknown = view.follow(Made((1, 1), (2, 1), (with_secret,), ()))

    assert (skipped, unknown) == (None, None)
    assert (view.revision, view.configurations_since(0)) == (1, [])


def test_the_credentials_of_a_removed_consumer_leave_the_view() -> None:
    own, shared = stored_secret("byok/ada/mine"), stored_secret("backends/fast/main")
    view = View("ws_1")
    ada = replace(configuration("ada", 1, 1), secret_refs=(own.ref,))
    workspace = replace(configuration("", 1, 2), secret_refs=(shared.ref,))
    secrets = {own.ref: own, shared.ref: shared}
    view.take(Fresh(False, 2, 0, [ada, workspace], [], [], secrets, "dk_1", []))

    view.take(Fresh(False, 3, 0, [ada.removed(2, 3, "left", NOW)], [], [], {}, "dk_1", []))

    assert set(view.secrets) == {shared.ref}
    assert [each.user_id for each in view.configurations_since(2)] == ["ada"]


def test_a_replaced_credential_leaves_the_view() -> None:
    old, new, other = stored_secret("one"), stored_secret("one", 2), stored_secret("other")
    view = View("ws_1")
    before = replace(configuration("", 1, 1), secret_refs=(old.ref, other.ref))
    after = replace(configuration("", 2, 2), secret_refs=(new.ref, other.ref))
    view.take(Fresh(False, 1, 0, [before], [], [], {old.ref: old, other.ref: other}, "dk_1", []))

    view.take(Fresh(False, 2, 0, [after], [], [], {new.ref: new}, "dk_1", []))

    assert set(view.secrets) == {new.ref, other.ref}


def stored_secret(name: str, version: int = 1) -> StoredSecret:
    """One version of it."""
    return StoredSecret("ws_1", name, version, "https://own.example:443", b"m", b"s", "dk_1", b"d", NOW)
