"""Sealed credentials that nothing kept refers to any more are in no table; what a rollback needs stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from agentrouter.management.v1 import documents_pb2 as documents
from controlplane.services.retention import SOURCES_KEPT
from controlplane.store.tables import metadata
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.people import Tenant
from tests.contract.wires.test_backend_credentials import CREDENTIALS
from tests.contract.wires.test_backends import ADA, KEY, backend, delete, opened, save

MONTH = timedelta(days=31)
OF_THE_WORKSPACE = "secret://backends/fast/main"


async def sealed(tenant: Tenant) -> dict[str, bytes]:
    """What is stored of the tenant's secrets: each reference, and the value sealed at rest."""
    work: Any
    async with tenant.running.plane.store.reading() as work:
        rows = await work._transaction.rows(select(metadata.tables["secrets"]))
    return {f"secret://{row.name}@{row.version}": row.sealed for row in rows if row.workspace_id == tenant.id}


async def dumped(tenant: Tenant) -> bytes:
    """Every value of every row of every table."""
    work: Any
    async with tenant.running.plane.store.reading() as work:
        rows = [tuple(row) for table in metadata.sorted_tables for row in await work._transaction.rows(select(table))]
    return b"\n".join(value if isinstance(value, bytes) else repr(value).encode() for row in rows for value in row)


async def test_a_deleted_backends_credential_is_in_no_table_any_more(tenant: Tenant) -> None:
    await save(tenant, backend("a"), backend("b", "sk-another-0123456789"), request_id="kept")
    before = await sealed(tenant)
    gone = {ref: value for ref, value in before.items() if "/a@" in ref}

    await delete(tenant, "a")

    assert (await sealed(tenant)).keys() == before.keys() - gone.keys()
    everything = await dumped(tenant)
    assert len(gone) == 1
    assert not [ref for ref, value in gone.items() if value in everything]
    assert all(value in everything for ref, value in before.items() if ref not in gone)
    await delete(tenant)
    assert await sealed(tenant) == {}


async def test_a_replaced_credential_and_one_of_another_kind_go_with_what_replaced_them(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await save(tenant, backend())
    first = await sealed(tenant)
    await save(tenant, backend(key="sk-another-0123456789"))
    second = await sealed(tenant)

    assert (len(first), len(second), first.keys() & second.keys()) == (1, 1, set())
    assert await opened(tenant, agent) == [b"sk-another-0123456789"]

    await save(tenant, backend(key="", credential=CREDENTIALS["oauth"]))
    assert [ref.partition("@")[0] for ref in await sealed(tenant)] == ["secret://byok-oauth/ada/example.com/mine"]
    await save(tenant)
    assert await sealed(tenant) == {}


async def test_a_credential_that_comes_again_is_another_version(tenant: Tenant) -> None:
    await save(tenant, backend("a"), backend("b"))
    (before,) = [ref for ref in await sealed(tenant) if "/a@" in ref]
    await delete(tenant, "a")

    await save(tenant, backend("a"), backend("b", ""))

    (after,) = [ref for ref in await sealed(tenant) if "/a@" in ref]
    assert int(after.rpartition("@")[2]) > int(before.rpartition("@")[2])


async def test_a_dry_run_lets_nothing_go(tenant: Tenant) -> None:
    await save(tenant, backend())
    before = await sealed(tenant)

    await save(tenant, backend(key="sk-another-0123456789"), validate_only=True)

    assert await sealed(tenant) == before


async def test_a_renewed_credential_of_the_workspace_takes_the_place_of_the_one_before(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.put(document(api_key=KEY))
    before = await sealed(tenant)
    await tenant.put(document(api_key="sk-renewed-0123456789"))
    await tenant.noticed()

    after = await sealed(tenant)

    assert (len(before), len(after), before.keys() & after.keys()) == (1, 1, set())
    assert await opened(tenant, agent) == [b"sk-renewed-0123456789"]


async def test_what_a_kept_version_of_the_document_names_stays_for_a_rollback(tenant: Tenant) -> None:
    await tenant.put(document(api_key=KEY))
    await tenant.put()
    before = await sealed(tenant)

    tenant.running.clock.skip(MONTH)
    await tenant.upkeep("retention")

    assert [ref.partition("@")[0] for ref in before] == [OF_THE_WORKSPACE]
    assert await sealed(tenant) == before
    request = documents.RollbackDocumentRequest(workspace_id=tenant.id)
    assert (await tenant.call(request)).restored_version == 1


async def test_what_no_kept_version_names_goes_with_the_versions(tenant: Tenant) -> None:
    await tenant.put(document(api_key=KEY))
    (old,) = await sealed(tenant)
    for number in range(SOURCES_KEPT):
        await tenant.put(document(base_url=f"https://api.example.com/v{number}"))
    tenant.running.clock.skip(MONTH)
    await tenant.upkeep("retention")
    assert await sealed(tenant) == {}

    await tenant.put(document(api_key=KEY))

    (new,) = await sealed(tenant)
    assert int(new.rpartition("@")[2]) > int(old.rpartition("@")[2])


async def test_what_an_older_release_left_behind_goes_and_what_is_in_use_stays(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.put(document(api_key=KEY))
    await save(tenant, backend(), backend("b"))
    await tenant.put(consumer("bob"), "bob")
    used = await sealed(tenant)
    await left_behind(tenant, "byok/ada/example.com/gone", "byok-gcp/nobody/x", "byok/ada/example.com/mine")
    assert len(await sealed(tenant)) == len(used) + 3

    await tenant.upkeep("retention")
    await tenant.upkeep("retention")

    assert await sealed(tenant) == used
    assert await opened(tenant, agent) == [KEY.encode()] * 3
    assert ADA in {each.user_id for each in (await agent.poll()).configurations}


async def left_behind(tenant: Tenant, *names: str) -> None:
    """Rows as the release before did not remove them."""
    work: Any
    table = metadata.tables["secrets"]
    async with tenant.running.plane.store.unit_of_work() as work:
        of_ours = select(table).where(table.c.workspace_id == tenant.id).order_by(table.c.name.desc())
        row = dict((await work._transaction.first(of_ours))._mapping)
        for name in names:
            taken = max([0, *(v for n, v in await work.secrets.versions_under(tenant.id, name) if n == name)])
            assert taken != 1
            await work._transaction.insert(table, {**row, "name": name, "version": 1})
