"""The epoch that polls are answered with is read once, however many ask before it is known."""

from __future__ import annotations

import asyncio
from pathlib import Path

from controlplane.services.epochs import Epoch
from tests.fakes.stores import opened, sqlite_url


async def test_a_crowd_that_comes_before_the_epoch_is_known_reads_it_once(tmp_path: Path) -> None:
    reads = 0

    async with opened(sqlite_url(tmp_path / "store.db")) as store:
        real = await store.epoch()

        class Counted:
            async def epoch(self) -> str:
                nonlocal reads
                reads += 1
                return await store.epoch()

        epoch = Epoch(Counted())  # type: ignore[arg-type]
        told = await asyncio.gather(*(epoch.known() for _ in range(1000)))

    assert reads == 1
    assert set(told) == {real}
