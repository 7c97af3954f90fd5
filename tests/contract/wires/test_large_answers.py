"""GetConfiguration where there is more than one answer holds: cut in whole revisions, and nothing twice or never."""

from __future__ import annotations

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import gateways_pb2 as gateways
from tests.contract.wires.documents import consumer
from tests.contract.wires.people import Tenant

MEBIBYTE = 1024 * 1024


async def test_a_large_listing_is_cut_where_a_revision_ends_and_goes_on_from_there(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    users = [f"user-{number}" for number in range(7)]
    for user in users:
        await tenant.put(large_consumer(user), user_id=user)
    await tenant.noticed()

    got: list[str] = []
    revision, more, rounds = 0, True, 0
    while more:
        news = await agent.poll(revision)
        got += [each.user_id for each in news.configurations]
        assert sum(len(each.document) for each in news.configurations) <= 4 * MEBIBYTE
        assert news.revision >= max(each.revision for each in news.configurations)
        assert bool(news.pending_events) != news.more
        revision, more, rounds = news.revision, news.more, rounds + 1

    assert got == users
    assert rounds > 1


async def test_large_values_are_cut_like_documents_and_each_comes_once(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.put(large_consumer("alice"), user_id="alice")
    servers = [f"server-{number}" for number in range(55)]
    for server in servers:
        request = gateways.UpsertMCPCatalogServerRequest(
            workspace_id=tenant.id, id=server, name=server, url="https://mcp.example"
        )
        request.authentication.update({"schema": "x" * 60_000})
        await tenant.call(request)
    await tenant.noticed()

    got: list[str] = []
    revision, more, rounds = 0, True, 0
    while more:
        news = await agent.poll(revision)
        got += [each.slot for each in news.values]
        news.ClearField("pending_events")  # of which there is one a slot, and which come with the last part
        assert news.ByteSize() <= 4 * MEBIBYTE
        revision, more, rounds = news.revision, news.more, rounds + 1

    assert [slot for slot in got if slot.startswith("mcp/")] == [f"mcp/{server}" for server in servers]
    assert rounds > 1


async def test_events_that_carry_much_come_one_answer_after_the_other(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    users = [f"user-{number}" for number in range(75)]
    for user in users:
        await tenant.put(consumer(user), user_id=user)
        await tenant.trigger(user_id=user, force=True, metadata={"note": "x" * 60_000})
    await tenant.noticed()

    got: list[str] = []
    cursor, rounds = 0, 0
    while (news := await agent.poll(cursor=cursor)).pending_events:
        got += [each.user_id for each in news.pending_events]
        assert sum(each.ByteSize() for each in news.pending_events) <= 4 * MEBIBYTE
        cursor, rounds = news.event_cursor, rounds + 1

    assert got == users
    assert rounds == 2


async def test_a_large_batch_of_queries_is_cut_too_and_answered_by_asking_again(tenant: Tenant) -> None:
    users = [f"user-{number}" for number in range(7)]
    for user in users:
        await tenant.put(large_consumer(user), user_id=user)
    await tenant.noticed()
    has = dict.fromkeys(users, 0)

    more, rounds = True, 0
    while more:
        asked = [configurations.ConfigurationQuery(user_id=user, current_version=has[user]) for user in users]
        news = await tenant.call(configurations.GetConfigurationRequest(workspace_id=tenant.id, queries=asked))
        has.update((each.user_id, each.version) for each in news.configurations)
        more, rounds = news.more, rounds + 1

    assert set(has.values()) == {1}
    assert rounds > 1


def large_consumer(user: str) -> str:
    """About a mebibyte."""
    return consumer(user, models=[f"model-{number:06}-{'x' * 150}" for number in range(6000)])
