"""Whatever takes `validate_only` answers and refuses what the real call would, and leaves the database as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.message import Message
from sqlalchemy import create_engine

from agentrouter.configurator.v1 import gateways_pb2 as gateways
from agentrouter.management.v1 import audit_pb2 as audit
from agentrouter.management.v1 import operations_pb2 as operations
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from controlplane.services.rehearsals import names_undone
from controlplane.store.tables import metadata
from controlplane.transport.kept_answers import is_secret, leave_out
from tests.contract.wires.acts import ACTS
from tests.contract.wires.people import Tenant
from tests.contract.wires.procedures import procedures
from tests.contract.wires.refusals import refusal
from tests.contract.wires.running import Running

DRY = sorted(each.name for each in procedures() if "validate_only" in each.request.DESCRIPTOR.fields_by_name)
OWN_ID = re.compile(r"[a-z]{2,3}_[0-9a-hjkmnp-tv-z]{26}")
NOT_OF_CALLS = {"task_leases", "store_state", "full_syncs", "full_sync_steps"}  # the replica's own housekeeping
TRIES = 3  # the replica's upkeep may change something of another test in between


def everything(running: Running) -> dict[str, list[str]]:
    """Every row of every table, sorted."""
    engine = create_engine(running.database_url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            return {
                table.name: sorted(repr(tuple(row)) for row in connection.execute(table.select()))
                for table in metadata.sorted_tables
                if table.name not in NOT_OF_CALLS
            }
    finally:
        engine.dispose()


async def rehearse(tenant: Tenant, request: Message, bearer: str) -> tuple[Any, set[str]]:
    """The answer of the dry run, and the tables that are not as they were."""
    dry = type(request)()
    dry.CopyFrom(request)
    dry.validate_only = True  # type: ignore[attr-defined]
    changed: set[str] = set()
    for _ in range(TRIES):
        await tenant.upkeep()
        before = everything(tenant.running)
        answer = await tenant.api(dry, bearer)
        after = everything(tenant.running)
        changed = {name for name, rows in after.items() if rows != before[name]}
        if not changed:
            break
    return answer, changed


def words(message: Message) -> Iterator[str]:
    """Every text, however deep."""
    for field, value in message.ListFields():
        for each in value if field.is_repeated else (value,):
            if isinstance(each, str):
                yield each
            elif isinstance(each, Message):
                yield from words(each)


def comparable(answer: Message, known: set[str]) -> Message:
    """Without what only the real call has: ids of what it made, secrets, a new key, and the time of day."""

    def made(field: Any, value: Any) -> bool:
        return is_secret(field, value) or (isinstance(value, str) and value not in known and _is_id(value))

    bare = type(answer)()
    bare.CopyFrom(answer)
    leave_out(bare, made)
    _without_times(bare)
    return bare


def _is_id(value: str) -> bool:
    return OWN_ID.fullmatch(value) is not None


def _without_times(message: Message) -> None:
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        if field.message_type.full_name == "google.protobuf.Timestamp":
            message.ClearField(field.name)
        else:
            for each in value if field.is_repeated else (value,):
                _without_times(each)


@pytest.mark.parametrize("api", ["grpc"], indirect=True)  # what is carried out knows no wire
@pytest.mark.parametrize("name", DRY)
async def test_a_dry_run_answers_what_the_real_call_does_and_changes_nothing_at_all(tenant: Tenant, name: str) -> None:
    request, bearer = await ACTS[name].prepare(tenant)

    answer, changed = await rehearse(tenant, request, bearer)

    assert changed == set()
    real = await tenant.api(request, bearer)
    if isinstance(real, list):
        assert [each.done for each in real] == [each.done for each in answer]
        return
    _without_what_is_drawn(name, real)
    known = set(words(answer))
    assert comparable(answer, known) == comparable(real, known)
    assert not any(map(names_undone, known))


def _without_what_is_drawn(name: str, real: Any) -> None:
    """Of a key that nobody will ever hold, a dry run tells nothing."""
    if name == "RotateGatekeeperKey":
        real.ClearField("kid")
        real.ClearField("jwks")
    if name == "CreateManagementKey":
        real.key.ClearField("last_four")


async def test_the_way_to_see_a_change_sees_one(tenant: Tenant) -> None:
    """Or the test above could not fail."""
    before = everything(tenant.running)
    await tenant.call(workspaces.CreateWorkspaceRequest(name="seen"))

    after = everything(tenant.running)

    assert {"workspaces", "audit_records", "gatekeeper_keys"} <= {name for name in after if after[name] != before[name]}


async def test_a_dry_run_rings_no_data_plane_and_leaves_no_record(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    seen = (await agent.poll()).event_cursor
    request = gateways.SetDataplaneURLRequest(workspace_id=tenant.id, url="https://one.example")
    await tenant.call(request)
    request.url, request.validate_only = "https://two.example", True
    records = (await tenant.call(audit.ListAuditRecordsRequest())).records

    assert (await tenant.call(request)).emitted

    assert (await tenant.call(audit.ListAuditRecordsRequest())).records == records
    assert (await agent.poll()).event_cursor == seen
    assert (await tenant.dataplane(agent)).url == "https://one.example"


async def test_a_dry_run_takes_no_request_id_and_is_answered_as_the_real_call_was(tenant: Tenant) -> None:
    dry = workspaces.CreateWorkspaceRequest(name="once", request_id="r", validate_only=True)
    await tenant.call(dry)

    made = await tenant.call(workspaces.CreateWorkspaceRequest(name="once", request_id="r"))

    assert made.workspace.id
    assert await tenant.call(dry) == made
    dry.name = "other"
    with refusal("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
        await tenant.call(dry)


async def test_a_dry_run_is_refused_as_the_real_call_would_be(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    event = (await tenant.events_of(agent))[0]
    for request, code in (
        (workspaces.CreateWorkspaceRequest(name="default"), "ALREADY_EXISTS"),
        (operations.ReplayEventRequest(event_id=event.id), "FAILED_PRECONDITION"),
        (operations.RetireGatekeeperKeyRequest(workspace_id=tenant.id, kid="none"), "INVALID_ARGUMENT"),
    ):
        with refusal(code) as real:
            await tenant.call(request)
        request.validate_only = True

        with refusal(code) as dry:
            await tenant.call(request)

        assert (dry.reason, dry.message) == (real.reason, real.message)
