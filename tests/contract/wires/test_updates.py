"""TriggerUpdate, and requests that are sent again: what is stored, what is announced, and what is done only once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

from google.protobuf.struct_pb2 import Struct

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import consumer_keys_pb2 as consumer_keys
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from tests.contract.wires.documents import consumer
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import COME_AGAIN, Refused, patiently, refusal


async def history(tenant: Tenant) -> list[Any]:
    """Every version of the workspace document, newest first."""
    request = configurations.ListConfigurationsRequest(workspace_id=tenant.id, user_id="", history=True)
    return list((await tenant.call(request)).configurations)


async def test_an_update_without_a_change_stores_nothing(tenant: Tenant) -> None:
    put = await tenant.put()
    agent = await tenant.settled_agent()

    answer = await tenant.trigger()

    assert not answer.changed
    assert (answer.configuration.version, list(answer.event_ids)) == (put.configuration.version, [])
    assert await agent.pending() == []


async def test_a_forced_update_stores_a_version_of_the_same_digest_and_rings_every_data_plane(tenant: Tenant) -> None:
    put = await tenant.put()
    agents = [await tenant.settled_agent() for _ in range(2)]

    answer = await tenant.trigger(force=True, reason="just because")

    assert answer.changed
    assert (answer.configuration.version, answer.configuration.digest) == (2, put.configuration.digest)
    assert answer.configuration.reason == "just because"
    assert answer.revision == answer.configuration.revision
    rung = {
        event.dataplane_id: event.id for agent in agents for event in await tenant.events_of(agent) if not event.attempt
    }
    assert set(rung) == {agent.id for agent in agents}
    assert set(rung.values()) == set(answer.event_ids)
    states = [each.state for each in await history(tenant)]
    assert states == [configurations.CONFIGURATION_STATE_ACTIVE, configurations.CONFIGURATION_STATE_SUPERSEDED]


async def test_a_dry_run_tells_the_next_version_and_takes_none(tenant: Tenant) -> None:
    put = await tenant.put()

    dry = await tenant.trigger(force=True, validate_only=True)

    assert dry.changed
    assert (dry.configuration.version, dry.revision) == (2, put.configuration.revision + 1)
    assert len(await history(tenant)) == 1


async def test_metadata_goes_with_the_events(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    metadata = Struct()
    metadata.update({"ticket": "OPS-7", "nested": {"list": [1, None, True]}})

    await tenant.trigger(force=True, metadata=metadata)
    await tenant.noticed()

    (event,) = await agent.pending()
    assert event.metadata == metadata


async def test_metadata_that_no_answer_could_carry_is_refused(tenant: Tenant) -> None:
    await tenant.put()
    deep: Any = {}
    for _ in range(20):
        deep = {"a": deep}
    for value in ({"deep": deep}, {"long": "x" * 70_000}):
        metadata = Struct()
        metadata.update(value)

        with refusal("INVALID_ARGUMENT") as refused:
            await tenant.trigger(force=True, metadata=metadata)

        assert set(refused.faults) == {"metadata"}


async def test_an_update_of_what_was_never_put_says_what_is_missing(tenant: Tenant) -> None:
    with refusal("FAILED_PRECONDITION", "DOES_NOT_COMPILE") as refused:
        await tenant.trigger(user_id="nobody")

    assert "nobody" in refused.message
    assert refused.faults


async def test_updates_in_parallel_take_revisions_one_after_the_other(tenant: Tenant) -> None:
    await tenant.put()

    asked = [partial(tenant.trigger, force=True, request_id=f"r-{number}") for number in range(12)]
    answers = await asyncio.gather(*map(patiently, asked))

    versions = sorted(answer.configuration.version for answer in answers)
    revisions = [each.revision for each in sorted(answers, key=lambda answer: answer.configuration.version)]
    assert versions == list(range(2, 14))
    assert revisions == sorted(set(revisions))


async def test_the_same_request_again_gets_the_same_answer_and_does_nothing(tenant: Tenant) -> None:
    await tenant.put()
    first = await tenant.trigger(force=True, request_id="once")
    await tenant.trigger(force=True)

    again = await tenant.trigger(force=True, request_id="once")

    assert again == first
    assert len(await history(tenant)) == 3


async def test_the_same_request_at_once_is_carried_out_once(tenant: Tenant) -> None:
    await tenant.put()

    answers = await asyncio.gather(
        *(tenant.trigger(force=True, request_id="at once") for _ in range(8)), return_exceptions=True
    )

    given = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert {answer.configuration.version for answer in given} == {2}
    assert {each.code for each in answers if isinstance(each, Refused)} <= {"ABORTED", *COME_AGAIN}
    assert len(await history(tenant)) == 2


async def test_a_request_id_used_for_something_else_is_refused(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.trigger(force=True, request_id="mine", reason="a")

    with refusal("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
        await tenant.trigger(force=True, request_id="mine", reason="b")

    assert len(await history(tenant)) == 2


async def test_request_ids_of_different_callers_and_methods_do_not_meet(tenant: Tenant, stranger: Tenant) -> None:
    await tenant.put(request_id="same")
    await stranger.put(request_id="same")

    assert (await tenant.trigger(force=True, request_id="same")).configuration.version == 2
    other = await tenant.key(management_keys.ROLE_OPERATOR)
    request = configurations.TriggerUpdateRequest(workspace_id=tenant.id, force=True, request_id="same")
    assert (await tenant.api(request, other)).configuration.version == 3


async def test_a_dry_run_and_a_refusal_are_not_remembered(tenant: Tenant) -> None:
    with refusal("INVALID_ARGUMENT"):
        await tenant.put("{", request_id="r")
    await tenant.put(request_id="r", validate_only=True)

    assert (await tenant.put(request_id="r")).changed


async def test_a_request_id_is_forgotten_after_a_day(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.trigger(force=True, request_id="old")
    tenant.running.clock.skip(timedelta(hours=25))
    await tenant.upkeep()

    assert (await tenant.trigger(force=True, request_id="old")).configuration.version == 3


async def test_a_repeated_answer_is_given_only_to_who_may_still_ask(tenant: Tenant) -> None:
    request = configurations.TriggerUpdateRequest(workspace_id=tenant.id, force=True, request_id="r")
    made = await tenant.call(management_keys.CreateManagementKeyRequest(name="k", role=management_keys.ROLE_OPERATOR))
    await tenant.put()
    await tenant.api(request, made.secret)

    await tenant.call(management_keys.RevokeManagementKeyRequest(key_id=made.key.id))

    with refusal("UNAUTHENTICATED"):
        await tenant.api(request, made.secret)


async def test_a_consumers_first_key_makes_its_document_and_a_second_changes_nothing(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    request = consumer_keys.IssueConsumerKeyRequest(workspace_id=tenant.id, consumer_id="alice")

    first, second = await tenant.call(request), await tenant.call(request)
    await tenant.noticed()

    assert first.secret.startswith("sk-")
    assert first.secret != second.secret
    assert second.revision == first.revision
    (event,) = await agent.pending()
    assert (event.slot, event.user_id) == ("config/alice", "alice")
    users = await tenant.call(configurations.ListActiveUsersRequest(workspace_id=tenant.id))
    assert list(users.user_ids) == ["alice"]


async def test_an_update_of_a_consumer_rings_its_own_slot(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.put(consumer("bob"), user_id="bob")
    await tenant.noticed()
    await agent.settle()

    answer = await tenant.trigger(user_id="bob", force=True)
    await tenant.noticed()

    (event,) = await agent.pending()
    assert (event.id, event.slot, event.configuration_version) == (answer.event_ids[0], "config/bob", 2)
    assert event.type == events.EVENT_TYPE_CONFIG_UPDATE
