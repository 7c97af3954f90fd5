"""The four documented REST aliases, called by the documented curl lines as they are written."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Mapping
from typing import Any

import pytest

from agentrouter.configurator.v1 import events_pb2 as events
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.plain_http import post
from tests.contract.wires.test_upgrades import command, completed, submit

pytestmark = pytest.mark.parametrize("api", ["json"], indirect=True)

CURL = (
    'curl -sS -X POST "$BASE{path}" -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -d \'{body}\''
)
CONFIG = "/configurator/v1/config"
CANCEL = "/configurator/v1/dataplane-upgrade/cancel"
ROLLBACK = "/configurator/v1/dataplane-upgrade/rollback"
VALIDATE = "/configurator/v1/validate-dataplane"


async def curl(tenant: Tenant, key: str, path: str, body: str) -> Mapping[str, Any]:
    """What the line prints, read as JSON."""
    line = CURL.replace("{path}", path).replace("{body}", body)
    shell = await asyncio.create_subprocess_shell(
        line, env={"BASE": tenant.running.url, "KEY": key, "PATH": "/usr/bin:/bin"}, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await shell.communicate()
    assert shell.returncode == 0
    answer: Mapping[str, Any] = json.loads(said)
    return answer


def named(tenant: Tenant, agent: Agent) -> str:
    """The body that says which data plane."""
    return json.dumps({"workspace_id": tenant.id, "dataplane_id": agent.id})


async def test_the_documented_config_call_lists_the_whole_workspace(tenant: Tenant) -> None:
    put = await tenant.put()

    answer = await curl(tenant, tenant.admin, CONFIG, '{"queries": []}')

    (configuration,) = answer["configurations"]
    assert (configuration["workspace_id"], configuration["digest"]) == (tenant.id, put.configuration.digest)
    assert answer["epoch"]


async def test_a_compressed_call_is_refused_as_such(tenant: Tenant) -> None:
    body = gzip.compress(b'{"queries": []}')

    status, said = await post(tenant.running, CONFIG, body, tenant.admin, **{"content-encoding": "gzip"})

    (info,) = json.loads(said)["details"]
    assert (status, info["reason"]) == (501, "COMPRESSION_UNKNOWN")


async def test_a_query_that_is_up_to_date_is_absent(tenant: Tenant) -> None:
    await tenant.put()

    answer = await curl(tenant, tenant.admin, CONFIG, '{"queries": [{"user_id": "", "current_version": 1}]}')

    assert "configurations" not in answer


async def test_an_upgrade_is_cancelled_and_its_phase_told_in_snake_case(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    event_id = await submit(tenant, agent)

    answer = await curl(tenant, tenant.admin, CANCEL, named(tenant, agent))

    assert answer == {"phase": "UPGRADE_PHASE_CANCELLING"}
    rung = await command(tenant, agent, events.EVENT_TYPE_UPGRADE_CANCEL)
    assert rung.slot == f"upgrade_cancel/{event_id}"


async def test_a_completed_upgrade_is_rolled_back(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await completed(tenant, agent)

    answer = await curl(tenant, tenant.admin, ROLLBACK, named(tenant, agent))

    rung = await command(tenant, agent, events.EVENT_TYPE_UPGRADE_ROLLBACK)
    assert answer == {"rollback_event_id": rung.id}


async def test_a_data_plane_validates_itself_and_gets_the_key_set(tenant: Tenant) -> None:
    agent = await tenant.enrol()

    answer = await curl(tenant, agent.token, VALIDATE, "{}")

    assert (answer["dataplane_id"], answer["workspace_id"]) == (agent.id, tenant.id)
    assert "keys" in json.loads(answer["jwks"])


@pytest.mark.parametrize(
    ("path", "body", "code", "reason"),
    [
        (CONFIG, '{"querys": []}', "invalid_argument", "MALFORMED_REQUEST"),
        (CONFIG, '{"workspace_id": "ws_unknown"}', "not_found", "NOT_FOUND"),
        (VALIDATE, "{}", "permission_denied", "CALLER_KIND"),
    ],
)
async def test_a_refusal_names_its_code_and_its_reason(
    tenant: Tenant, path: str, body: str, code: str, reason: str
) -> None:
    answer = await curl(tenant, tenant.admin, path, body)

    assert answer["code"] == code
    assert answer["details"][0]["reason"] == reason
