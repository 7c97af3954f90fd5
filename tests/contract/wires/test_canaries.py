"""Planted secrets: after everything was done with them, nothing that is kept, logged, counted or answered holds one."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import consumer_keys_pb2 as consumer_keys
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from tests.contract.wires.documents import document
from tests.contract.wires.people import Tenant
from tests.contract.wires.plain_http import get
from tests.contract.wires.refusals import Refused
from tests.contract.wires.running import MASTER_KEY, Running

FULL = configurations.CONFIGURATION_VIEW_FULL
CREDENTIAL = "sk-canary-4711-of-an-upstream"


async def kept(running: Running) -> bytes:
    """Everything in the database, as somebody who stole it would have it."""
    if running.database_url.startswith("sqlite"):
        path = Path(running.database_url.removeprefix("sqlite:///"))
        return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    return b"\n".join(_every_row(running.database_url))


def _every_row(url: str) -> Iterator[bytes]:
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert len(tables) > 5
        for (table,) in tables:
            # The binary format: text would write bytes as hex, in which no canary shows.
            with connection.cursor().copy(
                sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(table))
            ) as rows:
                yield from (bytes(row) for row in rows)


async def a_life_with_secrets(tenant: Tenant) -> tuple[dict[str, str], list[Refused], list[bytes]]:
    """Every kind of secret used as it should be and as it should not: the secrets, the refusals, later answers."""
    request = management_keys.CreateManagementKeyRequest(
        name="k", role=management_keys.ROLE_OPERATOR, request_id="canary"
    )
    key = (await tenant.call(request)).secret
    join_token, unused = await tenant.join_token(), await tenant.join_token()
    agent = await tenant.enrol()
    issue = consumer_keys.IssueConsumerKeyRequest(workspace_id=tenant.id, consumer_id="alice", request_id="canary")
    consumer_key = (await tenant.call(issue)).secret
    await tenant.put(document(api_key=CREDENTIAL), request_id="canary")
    await tenant.noticed()
    news = await agent.poll()
    await agent.settle()
    refusals = []
    for attempt in (
        tenant.put(document(api_key=CREDENTIAL, base_url="ftp://x")),
        tenant.put(document(api_key=CREDENTIAL, surprise=CREDENTIAL)),
        tenant.put("not: [yaml, " + CREDENTIAL),
        tenant.put(document(api_key=CREDENTIAL, alias="other"), request_id="canary"),
        tenant.put(document(api_key=CREDENTIAL), etag="old"),
        tenant.api(configurations.GetConfigurationRequest(), key + "x"),
        tenant.api(configurations.GetConfigurationRequest(), agent.token + "x"),
        tenant.api(configurations.GetConfigurationRequest(), consumer_key),
        tenant.api(
            dataplanes.EnrollDataplaneRequest(
                join_token=unused, signing_public_key=bytes(32), sealing_public_key=bytes(32)
            )
        ),
    ):
        with pytest.raises(Refused) as refused:
            await attempt
        refusals.append(refused.value)
    later = [
        await tenant.call(documents.GetDocumentRequest(workspace_id=tenant.id)),
        await tenant.call(configurations.GetConfigurationRequest(workspace_id=tenant.id)),
        await tenant.call(configurations.ListConfigurationsRequest(workspace_id=tenant.id, history=True, view=FULL)),
        await tenant.call(management_keys.ListManagementKeysRequest()),
        await tenant.call(consumer_keys.ListConsumerKeysRequest(workspace_id=tenant.id)),
        await tenant.call(dataplanes.ListDataplanesRequest(workspace_id=tenant.id)),
        await tenant.call(events.ListPendingEventsRequest(workspace_id=tenant.id, include_finished=True)),
        await tenant.call(request),
        await tenant.call(issue),
        news,
    ]
    secrets = {
        "credential": CREDENTIAL,
        "management key": key,
        "first key": tenant.admin,
        "join token": join_token,
        "unused join token": unused,
        "consumer key": consumer_key,
        "agent token": agent.token,
        "master key": base64.b64encode(MASTER_KEY.material).decode(),
    }
    return secrets, refusals, [answer.SerializeToString() for answer in later]


async def test_no_secret_is_in_the_database_the_logs_the_metrics_a_refusal_or_a_later_answer(
    tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets, refusals, answers = await a_life_with_secrets(tenant)

    places = {
        "database": await kept(tenant.running),
        "logs": "\n".join(tenant.running.journal.lines).encode(),
        "metrics": (await get(tenant.running, "/metrics"))[1].encode(),
        "refusals": b"\n".join(repr(refused.said).encode() + refused.message.encode() for refused in refusals),
        "answers": b"\n".join(answers),
    }
    found = [
        f"{what} in the {where}"
        for where, content in places.items()
        for what, secret in secrets.items()
        if secret.encode() in content or _signature_of(secret) in content
    ]

    assert found == []
    assert tenant.id.encode() in places["database"]
    assert MASTER_KEY.material not in places["database"]


async def test_the_way_to_look_for_canaries_finds_what_is_there(tenant: Tenant) -> None:
    """Or the test above could not fail."""
    await tenant.put(reason="canary-in-the-open")

    assert b"canary-in-the-open" in await kept(tenant.running)


def _signature_of(secret: str) -> bytes:
    """Of a token its last part alone is secret enough; of anything else all of it."""
    return secret.rpartition(".")[2].encode()
