"""Every RPC that takes a `request_id`: the same body again gets the answer that was kept, whatever happened since."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.message import Message

from agentrouter.configurator.v1 import slots_pb2 as slots
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from controlplane.security.cipher import Cipher
from controlplane.security.keyring import KeyRing
from controlplane.services.ports import StoredAnswer
from controlplane.system import SystemRandom
from controlplane.transport.kept_answers import is_secret, leave_out
from tests.contract.wires.acts import ACTS
from tests.contract.wires.people import Tenant
from tests.contract.wires.procedures import procedure_of, procedures
from tests.contract.wires.refusals import Refused, refusal
from tests.contract.wires.running import MASTER_KEY

REPEATABLE = sorted(each.name for each in procedures() if "request_id" in each.request.DESCRIPTOR.fields_by_name)
# Safe by other means: fencing tokens and outcomes, the same keys again, a rotation that goes on where it stopped.
NOT_REPEATABLE = {
    "AcknowledgeEvent",
    "CompleteEvent",
    "AckDataplaneUpgradeCredentials",
    "GetDataplaneUpgradeCredentials",
    "EnrollDataplane",
    "RotateMasterKey",
}
WORDS = ("reason", "etag", "name")  # of a request, whose change makes it another one


async def test_whatever_changes_something_can_be_repeated_and_rehearsed() -> None:
    unsafe = {each.name for each in procedures() if not each.safe} - NOT_REPEATABLE

    assert {"GetConfiguration", "ValidateDataplane"} | set(REPEATABLE) >= unsafe
    fields = {each.name: each.request.DESCRIPTOR.fields_by_name for each in procedures()}
    assert [name for name in REPEATABLE if "validate_only" not in fields[name]] == []


async def disturb(tenant: Tenant, request: Message, bearer: str) -> None:
    """Change what the answer told of: the same act without an id, newer revisions, another data plane."""
    bare = type(request)()
    bare.CopyFrom(request)
    bare.ClearField("request_id")
    with contextlib.suppress(Refused):  # what is done may not be done twice
        await tenant.api(bare, bearer)
    with contextlib.suppress(Refused):  # there may be no document
        await tenant.trigger(force=True)
    await tenant.enrol()


async def another(tenant: Tenant, request: Any) -> Any:
    """A request with the same id and another body, about something that is there."""
    other = type(request)()
    other.CopyFrom(request)
    fields = request.DESCRIPTOR.fields_by_name
    if "workspace_id" in fields:
        other.ClearField("workspace_id")  # the only one is meant
    elif words := [name for name in WORDS if name in fields]:
        setattr(other, words[0], "other")
    elif "key_id" in fields:
        made = await tenant.call(management_keys.CreateManagementKeyRequest(name="o", role=management_keys.ROLE_VIEWER))
        other.key_id = made.key.id
    else:
        agent = await tenant.enrol()
        other.event_id = (await tenant.events_of(agent))[0].id
    return other


def without_secrets(answer: Any) -> Any:
    """As it is told again."""
    leave_out(answer, is_secret)
    if "already_shown" in answer.DESCRIPTOR.fields_by_name:
        answer.already_shown = True
    return answer


@pytest.mark.parametrize("api", ["grpc"], indirect=True)  # what is kept knows no wire
@pytest.mark.parametrize("name", REPEATABLE)
async def test_the_same_again_is_answered_the_same_and_anything_else_is_refused(tenant: Tenant, name: str) -> None:
    request, bearer = await ACTS[name].prepare(tenant)
    request.request_id = "r"
    request.validate_only = True
    await tenant.api(request, bearer)  # takes no id
    request.validate_only = False
    first = await tenant.api(request, bearer)
    await disturb(tenant, request, bearer)

    again = await tenant.api(request, bearer)

    assert again == (first if isinstance(first, list) else without_secrets(first))
    with refusal("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
        await tenant.api(await another(tenant, request), bearer)


async def test_of_the_same_at_once_none_is_refused_for_what_another_did(tenant: Tenant) -> None:
    request = workspaces.CreateWorkspaceRequest(name="at-once", request_id="r")

    answers = await asyncio.gather(*(tenant.call(request) for _ in range(8)), return_exceptions=True)

    given = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len({answer.workspace.id for answer in given}) == 1
    assert {each.reason for each in answers if isinstance(each, Refused)} <= {"REQUEST_IN_PARALLEL"}


async def test_a_repeated_answer_comes_over_every_wire_without_its_secret(tenant: Tenant) -> None:
    request = management_keys.CreateManagementKeyRequest(name="k", role=management_keys.ROLE_VIEWER, request_id="r")
    first = await tenant.call(request)
    await tenant.call(management_keys.RevokeManagementKeyRequest(key_id=first.key.id))

    again = await tenant.call(request)

    assert first.secret
    assert not first.already_shown
    assert (again.key, again.secret, again.already_shown) == (first.key, "", True)


FORMER_MAC = bytes.fromhex("EA78B15153B2A58BCAA3D6827E9C3C73EEFDF55CFBE9E2080713D1C3320138F7")
FORMER_ANSWER = b"ws_01m7x70k9ymy6zqqda4e43ptht"
"""As the release before kept them for CreateWorkspace{name: "recorded", request_id: "recorded"}, under MASTER_KEY."""


async def kept_before_the_upgrade(tenant: Tenant, request: Message, mac: bytes, answer: bytes) -> None:
    """A row of the release before, of this tenant's admin."""
    keys = (await tenant.call(management_keys.ListManagementKeysRequest())).keys
    async with tenant.running.plane.store.unit_of_work() as work:
        expires_at = await work.now() + timedelta(hours=1)
        kept = StoredAnswer(mac, answer)
        await work.answers.put(keys[0].id, procedure_of(type(request)).path, "recorded", kept, expires_at)


async def test_what_the_release_before_carried_out_is_told_from_a_request_id_that_is_used_again(
    tenant: Tenant,
) -> None:
    same = workspaces.CreateWorkspaceRequest(name="recorded", request_id="recorded")
    await kept_before_the_upgrade(tenant, same, FORMER_MAC, FORMER_ANSWER)

    for request in (same, workspaces.CreateWorkspaceRequest(**as_dict(same), validate_only=True)):
        with refusal("ALREADY_EXISTS", "ANSWERED_BEFORE_UPGRADE") as refused:
            await tenant.call(request)
        assert refused.info.metadata == {"kept": FORMER_ANSWER.decode()}
    with refusal("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
        await tenant.call(workspaces.CreateWorkspaceRequest(name="other", request_id="recorded"))

    names = [each.name for each in (await tenant.call(workspaces.ListWorkspacesRequest())).workspaces]
    assert "recorded" not in names


def as_dict(request: Any) -> dict[str, Any]:
    return {field.name: value for field, value in request.ListFields()}


@pytest.mark.parametrize("api", ["grpc"], indirect=True)
async def test_a_full_sync_that_the_release_before_began_is_followed_as_it_was(tenant: Tenant) -> None:
    request = slots.FullSyncWorkspaceRequest(workspace_id=tenant.id, request_id="first")
    first = await tenant.call(request)
    async with tenant.running.plane.store.reading() as work:
        run = await work.full_syncs.get(tenant.id)
    assert run is not None
    request.request_id = "recorded"
    bare = slots.FullSyncWorkspaceRequest(workspace_id=tenant.id).SerializeToString(deterministic=True)
    purpose = f"request/{procedure_of(type(request)).path}"
    mac = Cipher(KeyRing(MASTER_KEY), SystemRandom().bytes).mac(bare, purpose)
    await kept_before_the_upgrade(tenant, request, mac, run.id.encode())

    assert await tenant.call(request) == first
