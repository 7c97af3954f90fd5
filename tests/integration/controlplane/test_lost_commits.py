"""PostgreSQL, and a COMMIT of which nobody knows what became: the command repeated under its id takes effect once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.engine import make_url

from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import audit_pb2 as audit
from controlplane.domain.full_syncs import FULL_SYNC_LEASE
from controlplane.store import migrate
from controlplane.transport.kept_answers import to_keep, told_again
from tests.contract.wires.acts import ACTS
from tests.contract.wires.clients import Api, open_api
from tests.contract.wires.documents import consumer
from tests.contract.wires.people import Agent, Tenant, new_tenant
from tests.contract.wires.procedures import procedures
from tests.contract.wires.refusals import Refused, refusal
from tests.contract.wires.running import Running, running
from tests.fakes.postgres import PostgresServer
from tests.fakes.relayed_postgres import Fate, Relay

pytestmark = pytest.mark.asyncio(loop_scope="session")
REPEATABLE = sorted(each.name for each in procedures() if "request_id" in each.request.DESCRIPTOR.fields_by_name)
LATER = {"UNAVAILABLE", "ABORTED", "RESOURCE_EXHAUSTED"}  # come again: what all of our clients do
OF_EACH_KIND = ("CreateWorkspace", "DeleteDocument", "PutDocument")  # with a workspace to lock, and without
CROWD = ("ada", "bob", "cid", "dan")
STREAMED = "FullSyncWorkspace"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two replicas of one database and a client of each: `near` it, and `far` from it, behind the relay."""

    near: Running
    far: Running
    at_near: Api
    at_far: Api
    relay: Relay


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pair(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """Both running. A writer waits shortly for a row, so that one in the way is told of soon."""
    name = postgres_server.create_database()
    url = make_url(postgres_server.url(name))
    migrate(postgres_server.url(name))
    relay = Relay(postgres_server.url(name))
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(relay.serving())
        hasty = url.update_query_dict({"options": "-c lock_timeout=500"}).render_as_string()
        homes = [tmp_path_factory.mktemp(each) for each in ("near", "far")]
        near = await stack.enter_async_context(running(hasty, homes[0]))
        far = await stack.enter_async_context(running(address, homes[1]))
        clients = [open_api("grpc", each.grpc, each.url) for each in (near, far)]
        for client in clients:
            stack.push_async_callback(client.close)
        yield Pair(near, far, clients[0], clients[1], relay)
    postgres_server.drop_database(name)


@pytest_asyncio.fixture(loop_scope="session")
async def tenant(pair: Pair) -> Tenant:
    """Who calls the near replica."""
    return await new_tenant(pair.at_near, pair.near)


async def audited(tenant: Tenant, action: str) -> int:
    """How often it was done, by the records that are written with what they tell of."""
    request = audit.ListAuditRecordsRequest(action=action, page_size=1000)
    return len((await tenant.call(request)).records)


async def answered(ask: Callable[[], Awaitable[Any]]) -> Any:
    """The answer, asked for until it is given."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await ask()
            except Refused as refused:
                assert refused.code in LATER, refused  # noqa: PT017 - anything else is a defect
            await asyncio.sleep(0.05)


async def request_of(pair: Pair, tenant: Tenant, name: str) -> tuple[Any, str]:
    """One that changes something, and who sends it; the far replica has the near one's time and has heard all."""
    request, bearer = await ACTS[name].prepare(tenant)
    request.request_id = f"r-{name}-{tenant.id}"
    pair.far.clock.skipped = pair.near.clock.skipped
    return request, bearer


def kept(answer: Any) -> Any:
    """As it is told again: without what is shown once."""
    return answer if isinstance(answer, list) else told_again(type(answer), to_keep(answer))


async def takes_effect_once(pair: Pair, tenant: Tenant, name: str, fate: Fate) -> None:
    """Refused as an outage at the far replica; then done, or known to be done, wherever it is asked again."""
    request, bearer = await request_of(pair, tenant, name)
    before = await audited(tenant, ACTS[name].action)
    harm = pair.relay.strike(request.request_id, fate)

    with refusal("UNAVAILABLE", "STORE_UNAVAILABLE") as refused:
        await pair.at_far(request, bearer)
    assert refused.retry_after.total_seconds() > 0
    if fate is Fate.LATE:
        with pytest.raises(Refused) as meanwhile:
            await pair.at_near(request, bearer)
        assert meanwhile.value.code in LATER
        assert await audited(tenant, ACTS[name].action) == before
        harm.go.set()
    await harm.over.wait()

    assert await audited(tenant, ACTS[name].action) - before == (fate is not Fate.LOST)
    if name == STREAMED:  # the replica that began the run does not know that it has it: another one takes it over
        pair.near.clock.skip(FULL_SYNC_LEASE)
    first = await answered(lambda: pair.at_near(request, bearer))
    assert await answered(lambda: pair.at_far(request, bearer)) == kept(first)
    assert await audited(tenant, ACTS[name].action) - before == 1


@pytest.mark.parametrize("name", REPEATABLE)
async def test_what_was_committed_and_not_answered_is_unavailable_and_answered_to_the_same_again(
    pair: Pair, tenant: Tenant, name: str
) -> None:
    await takes_effect_once(pair, tenant, name, Fate.UNANSWERED)


@pytest.mark.parametrize("name", OF_EACH_KIND)
async def test_what_never_was_committed_is_unavailable_and_done_by_the_same_again(
    pair: Pair, tenant: Tenant, name: str
) -> None:
    await takes_effect_once(pair, tenant, name, Fate.LOST)


@pytest.mark.parametrize("name", OF_EACH_KIND)
async def test_while_a_commit_may_still_come_the_same_again_is_put_off_and_then_answered(
    pair: Pair, tenant: Tenant, name: str
) -> None:
    await takes_effect_once(pair, tenant, name, Fate.LATE)


async def test_an_enrolment_that_was_not_answered_makes_one_data_plane_and_uses_its_token_once(
    pair: Pair, tenant: Tenant
) -> None:
    request, _ = await ACTS["EnrollDataplane"].prepare(tenant)
    request.name = f"rack-of-{tenant.id}"
    pair.relay.strike(request.name, Fate.UNANSWERED)

    with refusal("UNAVAILABLE", "STORE_UNAVAILABLE"):
        await pair.at_far(request)

    first = await answered(lambda: pair.at_near(request))
    assert await answered(lambda: pair.at_far(request)) == first
    assert await audited(tenant, "dataplane.enroll") == 1


async def crowd(pair: Pair, tenant: Tenant) -> tuple[Agent, list[Any]]:
    """An agent of the far replica, and events that wait for it in as many slots."""
    for user in CROWD:
        await tenant.put(consumer(user), user)
    agent = replace(await tenant.settled_agent(), api=pair.at_far)
    for user in CROWD:
        await tenant.trigger(user_id=user, force=True)
    await tenant.noticed()
    return agent, list((await replace(agent, api=pair.at_near).poll()).pending_events)


async def test_of_many_whose_shared_commit_was_not_answered_each_is_acknowledged_and_completed_once(
    pair: Pair, tenant: Tenant
) -> None:
    agent, waiting = await crowd(pair, tenant)
    last = max(event.id for event in waiting)

    pair.relay.strike(last, Fate.UNANSWERED)
    held = await asyncio.gather(*(answered(partial(agent.acknowledge, event.id)) for event in waiting))
    harm = pair.relay.strike(last, Fate.UNANSWERED)
    ended = await asyncio.gather(*(answered(partial(agent.complete, event)) for event in held))
    await harm.over.wait()

    assert [(event.attempt, event.fencing_token) for event in held] == [(1, 1)] * len(CROWD)
    assert {event.status for event in ended} == {events.EVENT_STATUS_APPLIED}
    stored = {event.id: event for event in await tenant.events_of(agent)}
    assert [stored[event.id] for event in ended] == ended


async def test_a_failure_for_now_that_was_not_answered_counts_as_one_attempt(pair: Pair, tenant: Tenant) -> None:
    agent, (event, *_) = await crowd(pair, tenant)
    held = await agent.acknowledge(event.id)
    pair.relay.strike(event.id, Fate.UNANSWERED)

    with refusal("UNAVAILABLE", "STORE_UNAVAILABLE"):
        await agent.fail(held, retryable=True)
    again = await answered(lambda: agent.fail(held, retryable=True))

    assert (again.status, again.attempt) == (events.EVENT_STATUS_PENDING, 1)
