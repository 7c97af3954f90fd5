"""What the store's tests do in a process of its own, to be killed or refused: `<command> <url> [<folder>]`."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, event

from controlplane.domain.errors import Unavailable
from controlplane.store import StoreInUse, migrate
from controlplane.store.urls import sqlite_path, store_url
from tests.contract.store.nouns import TENANT, WORKSPACE, configuration, document
from tests.fakes.stores import opened


def say(line: str) -> None:
    """Tell the test."""
    print(line, flush=True)


async def stall_inside(url: str) -> None:
    """Write into a unit of work, and never come to its end."""
    async with opened(url) as store, store.unit_of_work() as work:
        revision = await work.workspaces.take_revision("ws_1")
        await work.configurations.add(configuration(revision, revision))
        say("inside")
        await asyncio.Event().wait()


async def write_for_ever(url: str) -> None:
    """Commit one version after the other, and say each revision that is committed."""
    async with opened(url) as store:
        while True:
            async with store.unit_of_work() as work:
                revision = await work.workspaces.take_revision("ws_1")
                await work.configurations.add(configuration(revision, revision))
            say(str(revision))


async def open_once(url: str) -> None:
    """Open and close; say why not when refused."""
    try:
        async with opened(url):
            say("opened")
    except StoreInUse as error:
        say(str(error))


async def write_and_read(url: str) -> None:
    """Say how a write ends, then what a read finds."""
    async with opened(url) as store:
        try:
            async with store.unit_of_work() as work:
                await work.workspaces.take_revision("ws_1")
            say("written")
        except Unavailable as error:
            say(error.message)
        async with store.reading() as work:
            say("read" if await work.workspaces.get("ws_1") == WORKSPACE else "not found")
    assert TENANT.id == WORKSPACE.tenant_id


async def write_beyond_a_limit(url: str) -> None:
    """Say how writes end that the operating system fails, what a read finds meanwhile, and a write once it is over."""
    async with opened(url) as store:
        size = max(each.stat().st_size for each in sqlite_path(store_url(url)).parent.iterdir())
        _soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            async with store.unit_of_work() as work:
                await work.documents.put(replace(document("large", 1), content=b"x" * 500_000))
            say("written")
        except Unavailable as error:
            say(error.message)
        async with store.reading() as work:
            say("read" if await work.workspaces.get("ws_1") == WORKSPACE else "not found")
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        async with store.unit_of_work() as work:
            say(str(await work.workspaces.take_revision("ws_1")))


def migrate_and_stall(url: str, scripts: str) -> None:
    """Run migrations, and stop for ever behind the statement that marks the middle of one."""

    @event.listens_for(Engine, "after_cursor_execute")
    def _executed(*arguments: object) -> None:
        if "middle" in str(arguments[2]):
            say("middle")
            time.sleep(3600)

    migrate(url, Path(scripts))


COMMANDS: dict[str, Callable[[str], Awaitable[None]]] = {
    each.__name__: each for each in (stall_inside, write_for_ever, open_once, write_and_read, write_beyond_a_limit)
}

if __name__ == "__main__":
    if sys.argv[1] == migrate_and_stall.__name__:
        migrate_and_stall(*sys.argv[2:])
    else:
        asyncio.run(COMMANDS[sys.argv[1]](sys.argv[2]))  # type: ignore[arg-type]
