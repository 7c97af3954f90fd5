"""What was stored before versions were kept becomes the first one, and a replica of that release may still put."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

import migrations
from controlplane.domain.documents import SourceDocument
from controlplane.services.sources import Change, keep_version, store_source
from controlplane.store import migrate
from controlplane.store.migrations import revisions
from controlplane.store.tables import configurations, source_documents, tenants, workspaces
from controlplane.store.urls import store_url
from controlplane.system import UlidIds
from tests.contract.store.nouns import NOW, TENANT, WORKSPACE, configuration
from tests.fakes.stores import opened

KEEPS_VERSIONS = "20261120_document_versions"


@pytest.fixture
def former_release(tmp_path: Path) -> Path:
    """The migrations up to the one that brought versions."""
    folder = tmp_path / "former release" / "migrations"
    shutil.copytree(Path(migrations.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    newest = revisions()
    for revision in newest[newest.index(KEEPS_VERSIONS) :]:
        (folder / "versions" / f"v{revision}.py").unlink()
    return folder


def fill(url: str) -> None:
    """As that release wrote it: a document without a version, and two configurations made of it."""
    target = store_url(url)
    plain = "sqlite" if target.get_backend_name() == "sqlite" else target.drivername
    source = {"user_id": "ada", "etag": "etg_old", "generation": 4, "updated_at": NOW, "content": b"{}"}
    rows = [
        (tenants, {"id": TENANT.id, "name": TENANT.name, "created_at": NOW}),
        (workspaces, {"id": WORKSPACE.id, "tenant_id": TENANT.id, "name": "main", "revision": 2, "event_cursor": 0}),
        (source_documents, {"workspace_id": WORKSPACE.id, **source}),
    ]
    with sa.create_engine(target.set(drivername=plain), poolclass=sa.NullPool).begin() as connection:
        for table, values in rows:
            moment = {"created_at": NOW} if table is workspaces else {}
            connection.execute(sa.insert(table).values(**values, **moment))
        for version in (1, 2):
            made = configuration(version, version, "ada")
            kept = {name: getattr(made, name) for name in configurations.columns.keys() if name != "newest"}  # noqa: SIM118
            state = {"state": made.state if version == 2 else type(made.state).SUPERSEDED, "newest": version == 2}
            connection.execute(sa.insert(configurations).values(**{**kept, **state}))


async def test_what_is_stored_becomes_the_first_version(bare_url: str, former_release: Path) -> None:
    migrate(bare_url, former_release)
    fill(bare_url)

    migrate(bare_url)

    async with opened(bare_url) as store, store.reading() as work:
        stored = await work.documents.get(WORKSPACE.id, "ada")
        first = await work.document_versions.get(WORKSPACE.id, "ada", 1)
    assert stored == SourceDocument(WORKSPACE.id, "ada", b"{}", "etg_old", 4, NOW, version=1)
    assert first is not None
    assert (first.etag, first.author, first.configuration_version, first.content) == ("etg_old", "", 2, b"{}")
    assert first.created_at == NOW


async def test_what_a_replica_without_versions_put_is_kept_by_the_next_change(
    bare_url: str, former_release: Path
) -> None:
    migrate(bare_url, former_release)
    fill(bare_url)
    migrate(bare_url)

    async with opened(bare_url) as store, store.unit_of_work() as work:
        theirs = SourceDocument(WORKSPACE.id, "ada", b'{"theirs":1}', "etg_theirs", 5, NOW, version=1)
        await work.documents.put(theirs)  # as such a replica would: the version is not its to change
        ours = await store_source(work, UlidIds(), WORKSPACE, "ada", theirs, b'{"ours":1}')
        await keep_version(work, ours, Change("mk_1", "next"), 3)

        listed = await work.document_versions.page(WORKSPACE.id, "ada", 0, 10)
        second = await work.document_versions.get(WORKSPACE.id, "ada", 2)

    assert [(each.version, each.author) for each in listed] == [(3, "mk_1"), (2, ""), (1, "")]
    assert second is not None
    assert (second.etag, second.content) == ("etg_theirs", b'{"theirs":1}')
