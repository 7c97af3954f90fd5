"""kill -9 at any point: what was committed is there, what was not is not, and no number is used twice."""

from __future__ import annotations

from controlplane.services.ports import ConfigurationFilter
from controlplane.store import SqlStore
from tests.fakes.stores import opened
from tests.integration.store.processes import child


async def _revisions(store: SqlStore) -> tuple[int, list[int]]:
    async with store.reading() as work:
        workspace = await work.workspaces.get("ws_1")
        everything = ConfigurationFilter("ws_1", history=True)
        versions = await work.configurations.page(everything, None, 100_000, documents=False)
    assert workspace is not None
    return workspace.revision, sorted(each.revision for each in versions)


async def test_a_process_killed_inside_a_unit_of_work_leaves_nothing_of_it(either_url: str) -> None:
    with child("stall_inside", either_url) as process:
        assert process.line() == "inside"
        process.kill()

    async with opened(either_url) as store:
        assert await _revisions(store) == (0, [])
        async with store.unit_of_work() as work:
            assert await work.workspaces.take_revision("ws_1") == 1


async def test_every_revision_that_was_told_of_outlives_a_kill_while_writing(either_url: str) -> None:
    with child("write_for_ever", either_url) as process:
        told = [int(process.line()) for _ in range(25)]
        process.kill()
        told += [int(line) for line in process.lines() if line]

    async with opened(either_url) as store:
        revision, stored = await _revisions(store)

    assert told == list(range(1, len(told) + 1))
    assert stored == list(range(1, revision + 1))
    assert revision in (len(told), len(told) + 1)  # the last may have been committed and not yet told of
