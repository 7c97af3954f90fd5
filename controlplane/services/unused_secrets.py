"""Lets go of sealed credentials that nothing kept refers to any more.

Data planes are told what the newest configurations refer to, and nothing else. Beside that, of the workspace's own
secrets the newest version of each stays that a kept version of its document names: a rollback would refer to it.
A consumer's own go with the backend that they were for, since a rollback never brings backends back.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection

from contract.own_secrets import consumer_of_secret, own_secret_beginnings
from controlplane.services.ports import Store, UnitOfWork

AT_ONCE = 1000  # versions of secrets looked at together
NAMED = re.compile(rb'"secret://([A-Za-z0-9._/-]+)')
Version = tuple[str, int]
"""A secret's name, and which version of it."""


async def drop_unused_own(work: UnitOfWork, workspace_id: str, user_id: str) -> None:
    """Of the consumer's credentials keep what its newest configuration refers to.

    Expects the workspace's row to be locked by `work`, and the configuration to be stored.
    """
    held = [
        version
        for beginning in own_secret_beginnings(user_id)
        for version in await work.secrets.versions_under(workspace_id, beginning)
        if consumer_of_secret(version[0]) == user_id  # another's may begin so as well
    ]
    await work.secrets.drop(workspace_id, await _unused(work, workspace_id, held))


class UnusedSecrets:
    """The sweep for what no change took along: when versions of a document go, and what older releases left behind."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def sweep(self) -> int:
        """How many versions of secrets went. May run at any time, twice, and be missed."""
        gone, after = 0, ("", "", 0)
        while True:
            async with self._store.reading() as work:
                page = await work.secrets.versions_after(after, AT_ONCE)
                by_workspace: defaultdict[str, list[Version]] = defaultdict(list)
                for workspace_id, name, version in page:
                    by_workspace[workspace_id].append((name, version))
                unused = {each: await _unused(work, each, held) for each, held in by_workspace.items()}
            for workspace_id, versions in unused.items():
                gone += await self._drop(workspace_id, versions) if versions else 0
            if len(page) < AT_ONCE:
                return gone
            after = page[-1]

    async def _drop(self, workspace_id: str, versions: list[Version]) -> int:
        """Those that are still unused, now that nobody can refer to them meanwhile."""
        async with self._store.unit_of_work() as work:
            await work.workspaces.lock(workspace_id)
            unused = await _unused(work, workspace_id, versions)
            await work.secrets.drop(workspace_id, unused)
        return len(unused)


async def _unused(work: UnitOfWork, workspace_id: str, held: Collection[Version]) -> list[Version]:
    owners = {consumer_of_secret(name) or "" for name, _ in held}
    served = await work.configurations.refs_served(workspace_id, owners)
    left = [(name, version) for name, version in held if f"secret://{name}@{version}" not in served]
    named = await _named_in_history(work, workspace_id, {name for name, _ in left if consumer_of_secret(name) is None})
    newest = await work.secrets.newest_of(workspace_id, named)
    return [(name, version) for name, version in left if name not in newest or version < newest[name].version]


async def _named_in_history(work: UnitOfWork, workspace_id: str, names: set[str]) -> set[str]:
    """Those that a kept version of the workspace's document names; read newest first, and no further than needed."""
    found: set[str] = set()
    before = 0
    while found < names and (page := await work.document_versions.page(workspace_id, "", before, AT_ONCE)):
        for one in page:
            version = await work.document_versions.get(workspace_id, "", one.version)
            found |= names & {name.decode() for name in NAMED.findall(version.content if version else b"")}
            if found == names:
                break
        before = page[-1].version
    return found
