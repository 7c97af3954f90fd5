"""Every list: in its order, page by page, each thing once; sizes coerced, foreign tokens refused."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import consumer_keys_pb2 as consumer_keys
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from controlplane.transport.paging import next_token
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import refusal

USERS = [f"user-{number}" for number in range(5)]


async def filled(tenant: Tenant) -> None:
    """Five of everything that is listed."""
    for number in range(5):
        await tenant.put(document(alias=f"alias-{number}"))
    for user in USERS:
        await tenant.call(consumer_keys.IssueConsumerKeyRequest(workspace_id=tenant.id, consumer_id=user))
    for _ in range(4):
        await tenant.another_workspace()
        await tenant.key(management_keys.ROLE_VIEWER)
    for _ in range(5):
        await tenant.enrol()
    for _ in range(4):
        await tenant.trigger(force=True)


Lists = dict[str, tuple[Any, Callable[[Any], list[Any]]]]


def lists(tenant: Tenant) -> Lists:
    """Every list: the request for all of it, and what stands in an answer."""
    here = tenant.id
    return {
        "configurations": (
            configurations.ListConfigurationsRequest(workspace_id=here),
            lambda answer: [each.user_id for each in answer.configurations],
        ),
        "history": (
            configurations.ListConfigurationsRequest(workspace_id=here, history=True),
            lambda answer: [(each.user_id, -each.version) for each in answer.configurations],
        ),
        "users": (configurations.ListActiveUsersRequest(workspace_id=here), lambda answer: list(answer.user_ids)),
        "live events": (
            events.ListPendingEventsRequest(workspace_id=here),
            lambda answer: [each.id for each in answer.events],
        ),
        "workspaces": (workspaces.ListWorkspacesRequest(), lambda answer: [each.id for each in answer.workspaces]),
        "management keys": (
            management_keys.ListManagementKeysRequest(),
            lambda answer: [each.id for each in answer.keys],
        ),
        "data planes": (
            dataplanes.ListDataplanesRequest(workspace_id=here),
            lambda answer: [each.id for each in answer.dataplanes],
        ),
        "document versions": (
            documents.ListDocumentVersionsRequest(workspace_id=here),
            lambda answer: [-each.version for each in answer.versions],
        ),
        "consumer keys": (
            consumer_keys.ListConsumerKeysRequest(workspace_id=here),
            lambda answer: [each.jti for each in answer.keys],
        ),
    }


def with_page(request: Any, size: int, token: str = "") -> Any:
    """The same request for one page."""
    page = type(request)()
    page.CopyFrom(request)
    page.page_size, page.page_token = size, token
    return page


async def test_every_list_comes_whole_and_in_order_whatever_the_size_of_its_pages(tenant: Tenant) -> None:
    await filled(tenant)

    for name, (request, shown) in lists(tenant).items():
        whole = shown(await tenant.call(with_page(request, 1000)))
        assert len(whole) >= 5, name
        assert whole == sorted(whole), name
        for size in (1, 2, len(whole), len(whole) + 1):
            found, token, pages = [], "", 0
            while pages == 0 or token:
                answer = await tenant.call(with_page(request, size, token))
                assert len(shown(answer)) <= size
                found += shown(answer)
                token, pages = answer.next_page_token, pages + 1
            assert found == whole, (name, size)
            assert pages == max(1, -(-len(whole) // size)), (name, size)


async def test_the_history_of_events_is_paged_newest_first(tenant: Tenant) -> None:
    await filled(tenant)
    request = events.ListPendingEventsRequest(workspace_id=tenant.id, include_finished=True)
    whole = [event.id for event in (await tenant.call(with_page(request, 1000))).events]

    found, token = [], "first"
    while token:
        answer = await tenant.call(with_page(request, 7, "" if token == "first" else token))
        found += [event.id for event in answer.events]
        token = answer.next_page_token

    assert found == whole == sorted(whole, reverse=True)
    assert len(whole) == 25


async def test_the_size_of_a_page_is_coerced_and_never_negative(tenant: Tenant) -> None:
    for request, shown in lists(tenant).values():
        assert isinstance(shown(await tenant.call(with_page(request, 2_000_000_000))), list)
        with refusal("INVALID_ARGUMENT") as refused:
            await tenant.call(with_page(request, -1))
        assert set(refused.faults) == {"page_size"}


async def test_a_page_token_that_no_list_returned_is_refused(tenant: Tenant) -> None:
    def encoded(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()

    tokens = [
        "%",
        "AAAA",
        "é",
        "'; DROP TABLE events; --",
        encoded({}),
        encoded([1]),
        encoded(["a"] * 9),
        encoded([[]]),
    ]
    for request, _ in lists(tenant).values():
        for token in tokens:
            with refusal("INVALID_ARGUMENT") as refused:
                await tenant.call(with_page(request, 1, token))
            assert set(refused.faults) == {"page_token"}, token


async def test_versions_in_a_foreign_page_token_are_numbers_or_refused(tenant: Tenant) -> None:
    for version in ("x", "-1", "9" * 30):
        request = configurations.ListConfigurationsRequest(workspace_id=tenant.id)
        request.page_token = next_token(request, "alice", version)

        with refusal("INVALID_ARGUMENT"):
            await tenant.call(request)


async def test_a_page_token_is_good_for_its_own_list_and_filters_only(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.put(consumer("alice"), user_id="alice")
    asked = configurations.ListConfigurationsRequest(workspace_id=tenant.id)
    token = (await tenant.call(with_page(asked, 1))).next_page_token

    assert (await tenant.call(with_page(asked, 7, token))).configurations[0].user_id == "alice"
    narrower = configurations.ListConfigurationsRequest(workspace_id=tenant.id, history=True)
    others = [narrower, *(request for request, _ in lists(tenant).values() if request != asked)]
    for other in others:
        with refusal("INVALID_ARGUMENT") as refused:
            await tenant.call(with_page(other, 1, token))
        assert set(refused.faults) == {"page_token"}


async def test_configurations_are_filtered_by_user_state_digest_and_time(tenant: Tenant) -> None:
    first = (await tenant.put()).configuration
    second = (await tenant.put(document(alias="other"))).configuration
    await tenant.put(consumer("alice"), user_id="alice")
    superseded = configurations.CONFIGURATION_STATE_SUPERSEDED

    async def found(**narrow: Any) -> list[tuple[str, int]]:
        request = configurations.ListConfigurationsRequest(workspace_id=tenant.id, **narrow)
        return [(each.user_id, each.version) for each in (await tenant.call(request)).configurations]

    assert await found(user_id="alice") == [("alice", 1)]
    assert await found(user_id="") == [("", 2)]
    assert await found(history=True, state=superseded) == [("", 1)]
    assert await found(history=True, digest=first.digest) == [("", 1)]
    assert await found(digest=second.digest) == [("", 2)]
    assert await found(created_after=second.created_at) == [("", 2), ("alice", 1)]
    assert await found(history=True, created_before=second.created_at) == [("", 1)]
    assert await found(digest="nonsense") == []


async def test_only_the_newest_version_says_what_data_planes_made_of_it_on_whichever_page(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.settled_agent()
    await tenant.trigger(force=True)
    request = configurations.ListConfigurationsRequest(workspace_id=tenant.id, history=True)

    first = await tenant.call(with_page(request, 1))
    second = await tenant.call(with_page(request, 1, first.next_page_token))

    assert [each.desired_version for each in first.configurations[0].dataplanes] == [2]
    assert not second.configurations[0].dataplanes


async def test_a_data_plane_drifts_from_the_first_version_that_it_lacks(tenant: Tenant) -> None:
    async def drift_ages() -> dict[str, timedelta]:
        listed = await tenant.call(configurations.ListConfigurationsRequest(workspace_id=tenant.id))
        return {row.dataplane_id: row.drift_age.ToTimedelta() for row in listed.configurations[0].dataplanes}

    await tenant.put()
    agent = await tenant.settled_agent()
    as_desired = await drift_ages()
    await tenant.trigger(force=True)
    tenant.running.clock.skip(timedelta(hours=2))
    await tenant.trigger(force=True)
    late = await tenant.enrol()

    ages = await drift_ages()

    assert as_desired == {agent.id: timedelta()}
    assert ages[agent.id] >= timedelta(hours=2) > ages[late.id]


async def test_documents_are_carried_only_when_asked_for(tenant: Tenant) -> None:
    await tenant.put()

    async def carried(view: Any) -> bytes:
        request = configurations.ListConfigurationsRequest(workspace_id=tenant.id, view=view)
        return bytes((await tenant.call(request)).configurations[0].document)

    assert await carried(configurations.CONFIGURATION_VIEW_UNSPECIFIED) == b""
    assert await carried(configurations.CONFIGURATION_VIEW_BASIC) == b""
    assert json.loads(await carried(configurations.CONFIGURATION_VIEW_FULL))["version"] == "v0.3"


async def test_consumer_keys_are_listed_for_one_consumer_and_never_shown(tenant: Tenant) -> None:
    request = consumer_keys.IssueConsumerKeyRequest(workspace_id=tenant.id, consumer_id="alice", name="laptop")
    request.lifetime.FromTimedelta(timedelta(days=30))
    made = await tenant.call(request)
    await tenant.call(consumer_keys.IssueConsumerKeyRequest(workspace_id=tenant.id, consumer_id="bob"))

    only = consumer_keys.ListConsumerKeysRequest(workspace_id=tenant.id, consumer_id="alice")
    answer = await tenant.call(only)

    made.key.state = consumer_keys.CONSUMER_KEY_STATE_LIVE  # told in lists
    assert list(answer.keys) == [made.key]
    assert made.key.expires_at.ToDatetime() - made.key.created_at.ToDatetime() == timedelta(days=30)
    assert made.secret not in str(answer)


async def test_lifetimes_that_make_no_sense_are_refused_by_name(tenant: Tenant) -> None:
    forever, blink = timedelta(days=365 * 9_000), timedelta(milliseconds=10)
    for request, spans in (
        (management_keys.CreateManagementKeyRequest(name="k", role=management_keys.ROLE_VIEWER), (forever, blink)),
        (dataplanes.CreateJoinTokenRequest(workspace_id=tenant.id), (forever, blink)),
        (consumer_keys.IssueConsumerKeyRequest(workspace_id=tenant.id, consumer_id="a"), (forever, blink)),
    ):
        for span in (*spans, timedelta(0), timedelta(seconds=-1)):
            request.lifetime.FromTimedelta(span)
            with refusal("INVALID_ARGUMENT") as refused:
                await tenant.call(request)
            assert set(refused.faults) == {"lifetime"}


async def test_the_workspaces_of_a_tenant_have_names_of_their_own(tenant: Tenant, stranger: Tenant) -> None:
    await tenant.call(workspaces.CreateWorkspaceRequest(name="taken"))

    with refusal("ALREADY_EXISTS"):
        await tenant.call(workspaces.CreateWorkspaceRequest(name="taken"))

    assert (await stranger.call(workspaces.CreateWorkspaceRequest(name="taken"))).workspace.name == "taken"


async def test_lists_of_many_callers_at_once_do_not_mix(tenant: Tenant, stranger: Tenant) -> None:
    await tenant.put(consumer("alice"), user_id="alice")
    await stranger.put(consumer("bob"), user_id="bob")

    async def users(who: Tenant) -> list[str]:
        return list((await who.call(configurations.ListActiveUsersRequest(workspace_id=who.id))).user_ids)

    found = await asyncio.gather(*(users(who) for _ in range(10) for who in (tenant, stranger)))

    assert found == [["alice"], ["bob"]] * 10
