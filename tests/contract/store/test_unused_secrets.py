"""The sweep for sealed credentials that nothing refers to, over more of them than it looks at together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controlplane.domain.documents import DocumentVersion
from controlplane.services.unused_secrets import UnusedSecrets
from controlplane.store import SqlStore
from tests.contract.store.nouns import NOW, WORKSPACE, configuration, secret

OTHER = replace(WORKSPACE, id="ws_2", name="other")


def kept(version: int, *names: str) -> DocumentVersion:
    """A version of the workspace's document that names these secrets."""
    content = "{" + ",".join(f'"{number}":"secret://{name}"' for number, name in enumerate(names)) + "}"
    return DocumentVersion(
        workspace_id=WORKSPACE.id,
        user_id="",
        version=version,
        etag=f"etag-{version}",
        author="mk_1",
        reason="",
        configuration_version=version,
        restored_version=0,
        created_at=NOW,
        content=content.encode(),
    )


@pytest.mark.parametrize("at_once", [1, 2, 1000])
async def test_what_is_served_or_named_in_history_stays_and_everything_else_goes(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("controlplane.services.unused_secrets.AT_ONCE", at_once)
    used = [secret("backends/a/b", 3), secret("byok/ada/x", 2), secret("byok-gcp/ada/x/y", 1, workspace_id="ws_2")]
    named = [secret("backends/a/b-2", 2), secret("backends/a/c", 1)]
    unused = [
        secret("backends/a", 1),  # a name that another begins with
        secret("backends/a/b", 2),
        secret("backends/a/b-2", 1),
        secret("backends/a/gone", 9),
        secret("byok/ada/x", 1),
        secret("byok/ada/x/y", 2),
        secret("byok-oauth/ada/x", 1),
        secret("byok/named", 1, workspace_id="ws_2"),
        secret("backends/a/c", 1, workspace_id="ws_2"),
    ]
    async with store.unit_of_work() as work:
        await work.workspaces.add(OTHER)
        for one in [*used, *named, *unused]:
            await work.secrets.add(one)
        await work.configurations.add(replace(configuration(1, 1), secret_refs=(used[0].ref,)))
        await work.configurations.add(replace(configuration(1, 2, "ada"), secret_refs=(used[1].ref,)))
        of_other = replace(configuration(1, 1, "ada@x"), workspace_id="ws_2", secret_refs=(used[2].ref,))
        await work.configurations.add(of_other)
        for version in (kept(1, "backends/a/c"), kept(2, "backends/a/b-2"), kept(3)):
            await work.document_versions.add(version)

    sweep = UnusedSecrets(store)
    gone = [await sweep.sweep(), await sweep.sweep()]

    async with store.reading() as work:
        left = await work.secrets.versions_after(("", "", 0), 100)
    assert left == sorted((one.workspace_id, one.name, one.version) for one in [*used, *named])
    assert gone == [len(unused), 0]
