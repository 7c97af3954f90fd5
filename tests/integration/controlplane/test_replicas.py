"""Two control planes over one PostgreSQL: what is done on one is known on the other, and done once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from controlplane.store import migrate
from tests.contract.wires.clients import Api, open_api
from tests.contract.wires.documents import document
from tests.contract.wires.people import Agent, Tenant, enrolment, new_tenant
from tests.contract.wires.refusals import COME_AGAIN, Refused, patiently, refusal
from tests.contract.wires.running import Running, running
from tests.fakes.postgres import PostgresServer

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two replicas and a client of each."""

    one: Running
    other: Running
    at_one: Api
    at_other: Api
    database: str


@pytest_asyncio.fixture(loop_scope="session")
async def pair(postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[Pair]:
    """Both running."""
    name = postgres_server.create_database()
    url = postgres_server.url(name)
    migrate(url)
    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(running(url, tmp_path)) for _ in range(2)]
        clients = [open_api("connect", each.grpc, each.url) for each in replicas]
        for client in clients:
            stack.push_async_callback(client.close)
        yield Pair(replicas[0], replicas[1], clients[0], clients[1], url.replace("postgresql+psycopg", "postgresql"))
    postgres_server.drop_database(name)


@pytest_asyncio.fixture(loop_scope="session")
async def tenant(pair: Pair) -> Tenant:
    """As the first replica made it."""
    return await new_tenant(pair.at_one, pair.one)


def elsewhere(pair: Pair, agent: Agent) -> Agent:
    """The same agent, calling the other replica."""
    return replace(agent, api=pair.at_other)


async def hangs(replica: Running) -> None:
    """Return once a poll hangs there."""
    async with asyncio.timeout(60):
        while not replica.plane.feed.hanging:  # noqa: ASYNC110 - there is nothing to wait on
            await asyncio.sleep(0.01)


async def test_a_poll_that_hangs_on_one_is_answered_by_a_change_on_the_other(pair: Pair, tenant: Tenant) -> None:
    agent = elsewhere(pair, await tenant.settled_agent())
    known = await agent.poll()
    poll = asyncio.create_task(agent.poll(known.revision, cursor=known.event_cursor, wait=30))
    await hangs(pair.other)

    put = await tenant.put()

    news = await poll
    assert [each.digest for each in news.configurations] == [put.configuration.digest]
    assert [each.id for each in news.pending_events] == list(put.event_ids)


async def test_an_agent_that_saw_more_on_one_is_not_sent_back_by_the_other(pair: Pair, tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await elsewhere(pair, agent).poll()

    for alias in ("a", "b", "c"):
        await tenant.put(document(alias=alias))
        async with asyncio.timeout(60):
            known = await agent.poll()
            news = await elsewhere(pair, agent).poll(known.revision, cursor=known.event_cursor, epoch=known.epoch)
        assert not news.resync
        assert news.revision >= known.revision


async def test_what_is_acknowledged_on_one_is_not_brought_by_the_other(pair: Pair, tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await elsewhere(pair, agent).poll()
    await tenant.put()
    await pair.one.noticed()
    (event,) = await agent.pending()

    held = await agent.acknowledge(event.id)
    await pair.other.noticed()

    assert await elsewhere(pair, agent).pending() == []
    done = await elsewhere(pair, agent).complete(held)
    assert done.status == events.EVENT_STATUS_APPLIED


async def test_a_new_boot_on_one_ends_the_old_one_on_the_other(pair: Pair, tenant: Tenant) -> None:
    await tenant.put()
    old = await tenant.enrol()
    (event,) = await old.pending()
    held = await old.acknowledge(event.id)
    new = elsewhere(pair, old)
    new.restart()

    (brought,) = await new.pending()
    taken = await new.acknowledge(brought.id)

    assert taken.fencing_token > held.fencing_token
    with refusal("FAILED_PRECONDITION", "FENCING_TOKEN_OLD"):
        await old.complete(held)
    with refusal("FAILED_PRECONDITION", "BOOT_TOO_OLD"):
        await old.acknowledge(event.id)


async def test_a_revocation_on_one_is_known_on_the_other(pair: Pair, tenant: Tenant) -> None:
    agent = elsewhere(pair, await tenant.enrol())
    await agent.poll()

    await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=agent.id))
    await pair.other.noticed()

    with refusal("UNAUTHENTICATED", "DATAPLANE_REVOKED"):
        await agent.poll()


async def test_one_request_id_is_carried_out_once_wherever_it_is_sent(pair: Pair, tenant: Tenant) -> None:
    await tenant.put()
    request = configurations.TriggerUpdateRequest(workspace_id=tenant.id, force=True, request_id="r")

    answers = await asyncio.gather(
        *(api(request, tenant.admin) for api in (pair.at_one, pair.at_other) for _ in range(4)), return_exceptions=True
    )

    refused = {answer.code for answer in answers if isinstance(answer, Refused)}
    versions = {answer.configuration.version for answer in answers if not isinstance(answer, BaseException)}
    assert refused <= {"ABORTED", *COME_AGAIN}
    assert versions == {2}
    assert (await pair.at_other(request, tenant.admin)).configuration.version == 2


@asynccontextmanager
async def held_until_so_many_wait(pair: Pair, tenant: Tenant, count: int) -> AsyncIterator[None]:
    """Whoever writes in the workspace is held where it first has to wait for another, until all of them are there."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        " AND application_name = 'agentrouter'"
    )
    async with await psycopg.AsyncConnection.connect(pair.database) as holder:
        await holder.execute("SELECT 1 FROM workspaces WHERE id = %s FOR UPDATE", [tenant.id])
        yield
        async with await psycopg.AsyncConnection.connect(pair.database, autocommit=True) as watcher:
            async with asyncio.timeout(60):
                while await (await watcher.execute(waiting)).fetchone() != (count,):  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0.01)


async def test_two_writers_of_one_document_with_one_etag_do_not_lose_an_update(pair: Pair, tenant: Tenant) -> None:
    etag = (await tenant.put()).document.etag
    other = replace(tenant, api=pair.at_other)

    async with held_until_so_many_wait(pair, tenant, 2):
        both = asyncio.gather(
            tenant.put(document(alias="one"), etag=etag),
            other.put(document(alias="other"), etag=etag),
            return_exceptions=True,
        )
    answers = await both

    (refused,) = [answer for answer in answers if isinstance(answer, Refused)]
    (stored,) = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert (refused.code, refused.reason) == ("ABORTED", "ETAG_MISMATCH")
    assert stored.configuration.version == 2


async def test_changes_on_both_at_once_become_visible_in_their_order(pair: Pair, tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    other = replace(tenant, api=pair.at_other)
    seen: list[int] = []

    async def watch() -> None:
        revision = (await agent.poll()).revision
        while len(seen) < 20:
            news = await agent.poll(revision, wait=10)
            numbers = [each.revision for each in news.configurations]
            assert all(number > revision for number in numbers)
            assert news.revision >= revision
            revision = news.revision
            if numbers:
                seen.append(revision)
            if revision >= last:
                return

    start = (await agent.poll()).revision
    last = start + 20
    watching = asyncio.create_task(watch())
    asked = [
        partial(who.trigger, force=True, request_id=f"{at}-{number}")
        for at, who in enumerate((tenant, other))
        for number in range(10)
    ]
    await asyncio.gather(*map(patiently, asked))
    await asyncio.wait_for(watching, 60)

    assert seen == sorted(set(seen))
    assert seen[-1] == last


async def test_one_time_tokens_used_on_both_at_once_enrol_one(pair: Pair, tenant: Tenant) -> None:
    token = await tenant.join_token()

    asked = [
        partial(api, enrolment(token, Ed25519PrivateKey.generate(), X25519PrivateKey.generate()))
        for api in (pair.at_one, pair.at_other)
        for _ in range(10)
    ]
    answers = await asyncio.gather(*map(patiently, asked), return_exceptions=True)

    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
