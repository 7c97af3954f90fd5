"""Connect's plain POST is read here, every other way of asking by the library: both give the same answers."""

from __future__ import annotations

import gzip
import json

from tests.contract.wires.people import Tenant
from tests.contract.wires.plain_http import get, post
from tests.contract.wires.test_polls import until_none_hangs

CONFIGURATOR = "/agentrouter.configurator.v1.ConfiguratorService"
LIST = f"{CONFIGURATOR}/ListActiveUsers"


async def test_a_get_a_plain_post_and_a_compressed_one_are_answered_alike(victim: Tenant) -> None:
    bearer = {"authorization": f"Bearer {victim.admin}"}

    plain = await post(victim.running, LIST, "{}", victim.admin)
    compressed = await post(victim.running, LIST, gzip.compress(b"{}"), victim.admin, **{"content-encoding": "gzip"})
    asked = await get(victim.running, f"{LIST}?connect=v1&encoding=json&message=%7B%7D", headers=bearer)

    assert plain[0] == 200
    assert plain == compressed == asked


async def test_refusals_are_alike_whoever_reads_the_request(victim: Tenant) -> None:
    plain = await post(victim.running, LIST, "{}", "ak-unknown")
    compressed = await post(victim.running, LIST, gzip.compress(b"{}"), "ak-unknown", **{"content-encoding": "gzip"})

    assert plain[0] == compressed[0] == 401
    assert _without_debug(plain[1]) == _without_debug(compressed[1])


async def test_a_hanging_poll_ends_with_its_deadline(victim: Tenant) -> None:
    await victim.put()
    await victim.noticed()
    known = json.loads((await post(victim.running, f"{CONFIGURATOR}/GetConfiguration", "{}", victim.admin))[1])
    hanging = json.dumps({"sinceRevision": known["revision"], "wait": "30s"})

    status, answer = await post(
        victim.running, f"{CONFIGURATOR}/GetConfiguration", hanging, victim.admin, **{"connect-timeout-ms": "200"}
    )

    assert (status, json.loads(answer)["code"]) == (504, "deadline_exceeded")
    await until_none_hangs(victim)


async def test_another_version_of_the_protocol_is_refused(victim: Tenant) -> None:
    status, answer = await post(victim.running, LIST, "{}", victim.admin, **{"connect-protocol-version": "2"})

    assert (status, json.loads(answer)["code"]) == (400, "invalid_argument")


def _without_debug(answer: str) -> object:
    """The library adds readable details; they are not part of the protocol."""
    said = json.loads(answer)
    said["details"] = [{key: detail[key] for key in ("type", "value")} for detail in said.get("details", ())]
    return said
