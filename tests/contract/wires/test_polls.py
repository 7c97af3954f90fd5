"""GetConfiguration: only what is newer, in whole revisions, woken by what it waits for, from nothing when it must."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.refusals import refusal


def queries(**versions: int) -> list[configurations.ConfigurationQuery]:
    """What the caller has, by user; `workspace` is the workspace document."""
    return [
        configurations.ConfigurationQuery(user_id="" if user == "workspace" else user, current_version=version)
        for user, version in versions.items()
    ]


async def poll(tenant: Tenant, wait: float = 0, **fields: Any) -> Any:
    """As a management caller."""
    request = configurations.GetConfigurationRequest(workspace_id=tenant.id, **fields)
    request.wait.FromTimedelta(timedelta(seconds=wait))
    return await tenant.call(request)


async def put_all(tenant: Tenant, *users: str) -> None:
    """A workspace document and one of each consumer."""
    await tenant.put()
    for user in users:
        await tenant.put(consumer(user), user_id=user)
    await tenant.noticed()


async def until_hanging(tenant: Tenant, count: int = 1) -> None:
    """The waiters are registered: what follows is a wake."""
    feed = tenant.running.plane.feed
    async with asyncio.timeout(60):
        while feed.hanging < count:  # noqa: ASYNC110 - there is nothing to wait on
            await asyncio.sleep(0.005)


async def until_none_hangs(tenant: Tenant) -> None:
    """No waiter is left."""
    feed = tenant.running.plane.feed
    async with asyncio.timeout(60):
        while feed.hanging:  # noqa: ASYNC110 - there is nothing to wait on
            await asyncio.sleep(0.005)


async def test_queries_bring_only_what_is_newer_and_leave_out_who_is_up_to_date(tenant: Tenant) -> None:
    await put_all(tenant, "alice", "bob")

    news = await poll(tenant, queries=queries(workspace=0, alice=1, bob=0, nobody=0))

    assert {each.user_id for each in news.configurations} == {"", "bob"}


async def test_of_two_queries_for_one_user_the_greater_version_counts(tenant: Tenant) -> None:
    await put_all(tenant, "alice")

    news = await poll(tenant, queries=[*queries(alice=0), *queries(alice=1)])

    assert not news.configurations


async def test_since_a_revision_everything_newer_comes_in_its_order(tenant: Tenant) -> None:
    await put_all(tenant, "bob", "alice")
    first = (await poll(tenant)).revision
    await tenant.put(consumer("alice", models=["fast"]), user_id="alice")
    await tenant.put(document(alias="slow"))
    await tenant.noticed()

    news = await poll(tenant, since_revision=first)

    assert [each.user_id for each in news.configurations] == ["alice", ""]
    revisions = [each.revision for each in news.configurations]
    assert revisions == sorted(revisions)
    assert news.revision == revisions[-1]
    assert (await poll(tenant, since_revision=news.revision)).configurations == []


async def test_an_answer_carries_the_bytes_that_the_digest_is_of(tenant: Tenant) -> None:
    await put_all(tenant, "alice")

    for each in (await poll(tenant)).configurations:
        assert hashlib.sha256(each.document).hexdigest() == each.digest
        assert json.loads(each.document)


async def test_values_come_with_what_is_newer_and_not_again(tenant: Tenant) -> None:
    agent = await tenant.enrol()

    news = await agent.poll()

    (value,) = [value for value in news.values if value.slot == "gatekeeper_keys"]
    assert json.loads(value.value)["keys"]
    assert not (await agent.poll(news.revision)).values


async def test_a_poll_is_not_woken_into_an_empty_answer_by_what_it_did_not_ask_for(tenant: Tenant) -> None:
    await put_all(tenant, "alice", "bob")
    hanging = asyncio.create_task(poll(tenant, wait=30, queries=queries(alice=1)))
    await until_hanging(tenant)

    await tenant.put(consumer("bob", models=["fast"]), user_id="bob")
    await tenant.noticed()
    await tenant.put(consumer("alice", models=["fast"]), user_id="alice")

    news = await hanging
    assert [each.user_id for each in news.configurations] == ["alice"]


async def test_every_hanging_poll_of_a_workspace_is_woken_and_no_other(tenant: Tenant, stranger: Tenant) -> None:
    await put_all(tenant)
    agents = [await tenant.settled_agent() for _ in range(5)]
    spy = await stranger.settled_agent()
    known = await agents[0].poll()
    cursors = [(await agent.poll(known.revision)).event_cursor for agent in agents]
    polls = [
        asyncio.create_task(agent.poll(known.revision, cursor=cursor, wait=30))
        for agent, cursor in zip(agents, cursors, strict=True)
    ]
    foreign = asyncio.create_task(spy.poll((await spy.poll()).revision, cursor=99, wait=30))
    await until_hanging(tenant, 6)

    await tenant.trigger(force=True)

    for news in await asyncio.gather(*polls):
        assert len(news.configurations) == len(news.pending_events) == 1
    own = await stranger.put()
    assert [each.digest for each in (await foreign).configurations] == [own.configuration.digest]


async def test_a_cancelled_poll_leaves_no_waiter_behind(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    known = await agent.poll()
    hanging = asyncio.create_task(agent.poll(known.revision, cursor=known.event_cursor, wait=30))
    await until_hanging(tenant)

    hanging.cancel()

    await until_none_hangs(tenant)
    await asyncio.gather(hanging, return_exceptions=True)


async def test_an_event_is_brought_until_its_cursor_is_given_back(tenant: Tenant) -> None:
    await put_all(tenant)
    agent = await tenant.settled_agent()
    known = await agent.poll()
    await tenant.trigger(force=True)
    await tenant.noticed()

    first = await agent.poll(known.revision, cursor=known.event_cursor)
    lost = await agent.poll(known.revision, cursor=known.event_cursor)
    given_back = await agent.poll(first.revision, cursor=first.event_cursor)

    assert [event.id for event in first.pending_events] == [event.id for event in lost.pending_events]
    assert first.event_cursor > known.event_cursor
    assert not given_back.pending_events


async def test_another_epoch_is_answered_from_nothing(tenant: Tenant) -> None:
    await put_all(tenant, "alice")
    agent = await tenant.enrol()
    known = await agent.poll()

    news = await agent.poll(known.revision, cursor=known.event_cursor, epoch="of-another-store", wait=30)

    assert news.resync
    assert news.epoch == known.epoch
    assert len(news.configurations) == 2
    assert len(news.pending_events) == 1


async def test_a_revision_from_the_future_is_answered_from_nothing(tenant: Tenant) -> None:
    await put_all(tenant, "alice")
    agent = await tenant.enrol()
    known = await agent.poll()

    news = await agent.poll(known.revision + 1000, epoch=known.epoch, wait=30)
    await agent.poll(known.revision + 1000, epoch=known.epoch)  # which is not told of again

    assert news.resync
    assert (news.revision, len(news.configurations)) == (known.revision, 2)
    (alarm,) = [line for line in tenant.running.journal.lines if tenant.id in line and "begin a new epoch" in line]
    assert f"revision {known.revision + 1000} of" in alarm


async def test_who_comes_from_another_epoch_is_told_to_take_everything_once_a_life(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    for _ in range(2):
        await agent.poll(epoch="of-another-store")
        await agent.settle()
    once = await tenant.events_of(agent)

    agent.restart()
    await agent.poll(epoch="of-another-store")

    assert [len(once), len(await tenant.events_of(agent))] == [2, 3]  # the first is that of its enrolment


@pytest.mark.parametrize("behind", [(1, 1), (1, 0), (0, 1)], ids=["both", "revision", "event"])
async def test_a_change_made_elsewhere_is_read_for_an_agent_that_saw_it_already(
    tenant: Tenant, behind: tuple[int, int]
) -> None:
    await put_all(tenant)
    agent = await tenant.settled_agent()
    await tenant.noticed()
    view = tenant.running.plane.feed.view_now(tenant.id)
    assert view is not None
    known = await agent.poll()
    heard = view.revision, view.event_cursor
    view.revision, view.event_cursor = heard[0] - behind[0], heard[1] - behind[1]  # a replica that has not heard yet

    news = await agent.poll(known.revision, cursor=heard[1], epoch=known.epoch)

    assert not news.resync
    assert news.revision == known.revision
    assert (view.revision, view.event_cursor) == heard


async def test_a_wait_longer_than_half_a_minute_and_a_negative_one(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    known = await agent.poll()

    with refusal("INVALID_ARGUMENT") as refused:
        await agent.poll(wait=-1)
    hanging = asyncio.create_task(agent.poll(known.revision, cursor=known.event_cursor, wait=86_400 * 365))
    await until_hanging(tenant)
    await tenant.put()

    assert set(refused.faults) == {"wait"}
    assert (await hanging).configurations


async def test_what_an_agent_reports_is_shown_with_its_data_plane(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    report = configurations.AgentReport(
        agent_version="9.9",
        envoy_version="1.40.0",
        received_revision=1,
        running=[configurations.RunningVersion(slot="config/", version=1)],
        rejected=[events.RejectedSlot(slot="config/alice", version=2, reason="bad regex", workspace_version=1)],
        warnings=["the disk is nearly full"],
        ledger_lost=True,
        running_revision=1,
    )
    report.serving_stale_since.FromSeconds(1_700_000_000)

    await agent.poll(report=report)
    await tenant.upkeep()

    shown = await tenant.dataplane(agent)
    assert shown.report == report
    assert shown.HasField("last_seen_at")


async def test_a_poll_without_a_report_is_a_sign_of_life_and_changes_nothing_said_before(tenant: Tenant) -> None:
    agent: Agent = await tenant.enrol()

    await agent.poll(report=None)
    await tenant.upkeep()

    shown = await tenant.dataplane(agent)
    assert shown.HasField("last_seen_at")
    assert shown.report.agent_version == "1.2.3"
