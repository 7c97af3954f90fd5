"""Versions of source documents: kept whole, listed newest first, let go beyond a number and an age."""

from __future__ import annotations

from dataclasses import replace

from controlplane.domain.documents import DocumentVersion, SourceDocument
from controlplane.store import SqlStore
from tests.contract.store.nouns import ANYTHING, NOW, WORKSPACE, later


def version(number: int, user_id: str = "", content: bytes = ANYTHING, age_days: float = 0) -> DocumentVersion:
    return DocumentVersion(
        workspace_id=WORKSPACE.id,
        user_id=user_id,
        version=number,
        etag=f"etag-{number}",
        author="mk_ü",
        reason="because",
        configuration_version=number + 7,
        restored_version=number - 1,
        created_at=later(days=-age_days),
        content=content,
    )


async def add(store: SqlStore, *versions: DocumentVersion) -> None:
    async with store.unit_of_work() as work:
        for each in versions:
            await work.document_versions.add(each)


async def listed(store: SqlStore, user_id: str = "", before: int = 0, limit: int = 100) -> list[int]:
    async with store.reading() as work:
        return [each.version for each in await work.document_versions.page("ws_1", user_id, before, limit)]


async def test_a_version_comes_back_whole_and_without_content_in_lists(store: SqlStore) -> None:
    await add(store, version(1), version(2))

    async with store.reading() as work:
        assert await work.document_versions.get("ws_1", "", 2) == version(2)
        assert await work.document_versions.newest("ws_1", "") == version(2, content=b"")
        assert await work.document_versions.get("ws_1", "", 3) is None
        assert await work.document_versions.newest("ws_1", "nobody") is None


async def test_versions_are_listed_newest_first_for_one_document(store: SqlStore) -> None:
    await add(store, *(version(number) for number in (2, 1, 3)), version(9, "ann"))

    assert await listed(store) == [3, 2, 1]
    assert await listed(store, before=3) == [2, 1]
    assert await listed(store, limit=2) == [3, 2]


async def test_the_newest_that_says_something_else_is_found_past_those_that_say_the_same(store: SqlStore) -> None:
    await add(store, version(1, content=b"a"), version(2, content=b"b"), version(3, content=b"b"))
    stored = SourceDocument("ws_1", "", b"b", "etag-3", 3, NOW, version=3)

    async with store.reading() as work:
        found = await work.document_versions.newest_unlike(stored)
        alone = await work.document_versions.newest_unlike(SourceDocument("ws_1", "ann", b"b", "e", 1, NOW))

    assert found == version(1, content=b"a")
    assert alone is None


async def test_only_what_is_old_and_beyond_the_number_kept_of_its_document_goes(store: SqlStore) -> None:
    await add(store, *(version(number, age_days=40 - number) for number in range(1, 7)))
    await add(store, *(version(number, "ann", age_days=40) for number in (1, 2)))

    async with store.unit_of_work() as work:
        assert await work.document_versions.purge(later(days=-36.5), 3, 100) == 3

    assert (await listed(store), await listed(store, "ann")) == ([6, 5, 4], [2, 1])


async def test_what_is_young_stays_however_many_there_are_and_a_batch_has_its_limit(store: SqlStore) -> None:
    await add(store, *(version(number, age_days=40 if number < 4 else 1) for number in range(1, 9)))

    async with store.unit_of_work() as work:
        assert await work.document_versions.purge(later(days=-30), 2, 2) == 2
        assert await work.document_versions.purge(later(days=-30), 2, 2) == 1

    assert await listed(store) == [8, 7, 6, 5, 4]


async def test_a_version_without_content_is_a_removal_which_is_never_put_again(store: SqlStore) -> None:
    await add(store, version(1, content=b"a"), replace(version(2, content=b""), removed=True))
    removed = SourceDocument("ws_1", "", b"", "etag-2", 0, NOW, version=2)

    async with store.reading() as work:
        listed_versions = await work.document_versions.page("ws_1", "", 0, 100)
        whole = await work.document_versions.get("ws_1", "", 2)
        unlike_nothing = await work.document_versions.newest_unlike(removed)
        unlike_the_first = await work.document_versions.newest_unlike(replace(removed, content=b"a"))

    assert [each.removed for each in listed_versions] == [True, False]
    assert whole is not None
    assert whole.removed
    assert unlike_nothing == version(1, content=b"a")
    assert unlike_the_first is None
