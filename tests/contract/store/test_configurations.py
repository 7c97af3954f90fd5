"""Versions of configurations, values and source documents are kept alike by every store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controlplane.domain.configurations import Configuration, ConfigurationState
from controlplane.domain.errors import AlreadyExists
from controlplane.services.ports import ConfigurationFilter
from controlplane.store import SqlStore
from tests.contract.store.nouns import NOW, WORKSPACE, configuration, document, later, slot_value, tombstone

ALL = ConfigurationFilter(WORKSPACE.id)
SUPERSEDED, ACTIVE = ConfigurationState.SUPERSEDED, ConfigurationState.ACTIVE


async def _history(store: SqlStore) -> None:
    """Workspace document v1, v2; alice v1, v2; bob v1, removed by v2; carol v1 removed by v2, back with v3."""
    versions = [
        configuration(1, 1),
        configuration(1, 2, "alice"),
        configuration(1, 3, "bob"),
        configuration(1, 4, "carol"),
        configuration(2, 5, "alice"),
        tombstone(2, 6, "bob"),
        tombstone(2, 7, "carol"),
        configuration(2, 8),
        configuration(3, 9, "carol"),
    ]
    async with store.unit_of_work() as work:
        for each in versions:
            await work.configurations.add(each)


def _named(configurations: list[Configuration]) -> list[tuple[str, int]]:
    return [(each.user_id, each.version) for each in configurations]


async def test_references_to_secrets_are_those_of_the_newest_versions_of_the_asked(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        for version, user_id, ref in ((1, "", "a@1"), (2, "", "a@2"), (3, "alice", "b@1"), (4, "bob", "c@1")):
            refs = (f"secret://{ref}", "secret://shared@1")
            number = version if not user_id else 1
            await work.configurations.add(replace(configuration(number, version, user_id), secret_refs=refs))
        await work.configurations.add(tombstone(2, 5, "bob"))

    async with store.reading() as work:
        served = await work.configurations.refs_served("ws_1", ["", "alice", "bob", "nobody"])
        assert served == {"secret://a@2", "secret://b@1", "secret://shared@1"}
        assert await work.configurations.refs_served("ws_1", ["bob"]) == frozenset()
        assert await work.configurations.refs_served("ws_2", [""]) == frozenset()


async def test_a_configuration_comes_back_as_it_was(store: SqlStore) -> None:
    stored = configuration(1, 2**40, "alice", document=bytes(range(256)) * 100)
    async with store.unit_of_work() as work:
        await work.configurations.add(stored)

    async with store.reading() as work:
        assert await work.configurations.newest("ws_1", "alice") == stored
        assert await work.configurations.newest("ws_1", "") is None


async def test_a_new_version_supersedes_the_active_one_alone(store: SqlStore) -> None:
    await _history(store)

    async with store.reading() as work:
        page = await work.configurations.page(replace(ALL, history=True), None, 50, documents=True)

    states = {(each.user_id, each.version): each.state.value for each in page}
    assert states == {
        ("", 1): "superseded",
        ("", 2): "active",
        ("alice", 1): "superseded",
        ("alice", 2): "active",
        ("bob", 1): "superseded",
        ("bob", 2): "removed",
        ("carol", 1): "superseded",
        ("carol", 2): "removed",
        ("carol", 3): "active",
    }


async def test_the_newest_version_may_be_a_tombstone(store: SqlStore) -> None:
    await _history(store)

    async with store.reading() as work:
        assert await work.configurations.newest("ws_1", "bob") == tombstone(2, 6, "bob")


async def test_a_version_was_followed_when_the_next_one_was_stored(store: SqlStore) -> None:
    await _history(store)

    async with store.reading() as work:
        line = await work.configurations.page(replace(ALL, user_id="carol", history=True), None, 9, documents=False)
        asked = {("carol", 0), ("carol", 1), ("carol", 2), ("carol", 3), ("nobody", 0)}
        followed = await work.configurations.followed_at("ws_1", asked | {(f"x{i}", 0) for i in range(300)})

    stored = {each.version: each.created_at for each in line}
    assert followed == {("carol", 0): stored[1], ("carol", 1): stored[2], ("carol", 2): stored[3]}


async def test_a_version_or_revision_is_stored_once(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.configurations.add(configuration(1, 1))

    for again in (configuration(1, 2), configuration(2, 1)):
        with pytest.raises(AlreadyExists):
            async with store.unit_of_work() as work:
                await work.configurations.add(again)


async def test_a_page_ascends_by_user_and_descends_by_version(store: SqlStore) -> None:
    await _history(store)

    async with store.reading() as work:
        pages, after = [], None
        while page := await work.configurations.page(replace(ALL, history=True), after, 4, documents=True):
            pages.append(_named(page))
            after = pages[-1][-1]

    assert pages == [
        [("", 2), ("", 1), ("alice", 2), ("alice", 1)],
        [("bob", 2), ("bob", 1), ("carol", 3), ("carol", 2)],
        [("carol", 1)],
    ]


async def test_a_page_without_history_has_the_newest_of_each(store: SqlStore) -> None:
    await _history(store)

    async with store.reading() as work:
        page = await work.configurations.page(ALL, None, 50, documents=True)
        rest = await work.configurations.page(ALL, ("alice", 2), 50, documents=True)

    assert _named(page) == [("", 2), ("alice", 2), ("bob", 2), ("carol", 3)]
    assert _named(rest) == [("bob", 2), ("carol", 3)]


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        (replace(ALL, user_id=""), [("", 2)]),
        (replace(ALL, user_id="alice", history=True), [("alice", 2), ("alice", 1)]),
        (replace(ALL, state=ACTIVE), [("", 2), ("alice", 2), ("carol", 3)]),
        (replace(ALL, state=SUPERSEDED), []),
        (replace(ALL, state=SUPERSEDED, history=True), [("", 1), ("alice", 1), ("bob", 1), ("carol", 1)]),
        (replace(ALL, state=ConfigurationState.REMOVED), [("bob", 2)]),
        (replace(ALL, created_after=later(seconds=7)), [("", 2), ("carol", 3)]),
        (replace(ALL, created_before=later(seconds=6)), [("alice", 2)]),
        (replace(ALL, digest=configuration(2, 5).digest), [("", 2), ("alice", 2)]),
        (replace(ALL, workspace_id="ws_2"), []),
    ],
)
async def test_a_page_is_narrowed_by(
    store: SqlStore, narrow: ConfigurationFilter, expected: list[tuple[str, int]]
) -> None:
    await _history(store)

    async with store.reading() as work:
        assert _named(await work.configurations.page(narrow, None, 50, documents=False)) == expected


async def test_a_page_without_documents_has_everything_else(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.configurations.add(configuration(1, 1))

    async with store.reading() as work:
        page = await work.configurations.page(ALL, None, 50, documents=False)

    assert page == [replace(configuration(1, 1), document=b"")]


async def test_active_users_ascend_without_the_workspace_itself(store: SqlStore) -> None:
    await _history(store)

    async with store.reading() as work:
        assert await work.configurations.active_users("ws_1", "", 50) == ["alice", "carol"]
        assert await work.configurations.active_users("ws_1", "alice", 50) == ["carol"]
        assert await work.configurations.active_users("ws_1", "", 1) == ["alice"]


async def test_what_changed_since_a_revision_is_the_newest_of_each_by_revision(store: SqlStore) -> None:
    await _history(store)

    async with store.reading() as work:
        everything = await work.configurations.changed_since("ws_1", 0)
        some = await work.configurations.changed_since("ws_1", 6)
        nothing = await work.configurations.changed_since("ws_1", 9)
        elsewhere = await work.configurations.changed_since("ws_2", 0)

    assert _named(everything) == [("alice", 2), ("bob", 2), ("", 2), ("carol", 3)]
    assert some == [configuration(2, 8), configuration(3, 9, "carol")]
    assert nothing == elsewhere == []


@pytest.mark.parametrize(
    ("revision", "expected"),
    [
        (0, {}),
        (2, {"": 1, "alice": 1}),
        (6, {"": 1, "alice": 2, "bob": 2, "carol": 1}),
        (8, {"": 2, "alice": 2, "bob": 2, "carol": 2}),
        (99, {"": 2, "alice": 2, "bob": 2, "carol": 3}),
    ],
)
async def test_versions_at_a_revision_are_those_of_that_time(
    store: SqlStore, revision: int, expected: dict[str, int]
) -> None:
    await _history(store)

    async with store.reading() as work:
        versions = await work.configurations.versions_at("ws_1", revision, ["", "alice", "bob", "carol", "nobody"])
        none = await work.configurations.versions_at("ws_1", revision, [])

    assert versions == expected
    assert none == {}


async def test_versions_of_ten_thousand_users_are_found_at_once(store: SqlStore) -> None:
    await _history(store)

    async with store.reading() as work:
        found = await work.configurations.versions_at("ws_1", 99, ["alice", *(f"u{n}" for n in range(10_000))])

    assert found == {"alice": 2}


async def test_a_value_is_replaced_by_the_next_one_of_its_slot(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.values.put(slot_value("gatekeeper_keys", 1, 1))
        await work.values.put(slot_value("proxy_url", 1, 2))
        await work.values.put(slot_value("gatekeeper_keys", 2, 3, tombstone=True, value=b""))

    async with store.reading() as work:
        newest = await work.values.newest("ws_1", "gatekeeper_keys")
        missing = await work.values.newest("ws_1", "mcp/github")
        everything = await work.values.changed_since("ws_1", 0)
        some = await work.values.changed_since("ws_1", 2)

    assert newest == slot_value("gatekeeper_keys", 2, 3, tombstone=True, value=b"")
    assert missing is None
    assert everything == [slot_value("proxy_url", 1, 2), newest]
    assert some == [newest]


async def test_a_source_document_is_replaced_by_the_next_one_of_its_user(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.documents.put(document("", 1))
        await work.documents.put(document("alice", 1))
        await work.documents.put(replace(document("", 2), updated_at=later(seconds=1)))

    async with store.reading() as work:
        assert await work.documents.get("ws_1", "") == replace(document("", 2), updated_at=later(seconds=1))
        assert await work.documents.get("ws_1", "alice") == document("alice", 1)
        assert await work.documents.get("ws_1", "bob") is None
    assert NOW.microsecond  # times with microseconds were compared


async def test_a_source_document_that_was_dropped_is_gone_and_may_come_again(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        for user_id in ("", "alice", "bob"):
            await work.documents.put(document(user_id, 1))
        await work.documents.drop("ws_1", "alice")

    async with store.unit_of_work() as work:
        assert await work.documents.get("ws_1", "alice") is None
        assert [each.user_id for each in await work.documents.page("ws_1", None, 10)] == ["", "bob"]
        assert await work.documents.count("ws_1") == 2
        await work.documents.put(document("alice", 5))
        assert await work.documents.get("ws_1", "alice") == document("alice", 5)
