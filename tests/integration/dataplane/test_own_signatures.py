"""Consumers' own AWS keys on a real Envoy: every attempt signed, by nobody else's keys, which nothing shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from contract import own_secret_name
from contract.own_credentials import AwsKeys, parse_credential, sealed_text
from liaison_agent.compiler import names
from liaison_agent.state import Resource
from tests.fakes.aws_signatures import signed_by
from tests.fakes.compiling import consumer, real_packer
from tests.fakes.credentials import AWS_KEYS
from tests.fakes.scripted_upstream import reply
from tests.integration.dataplane.plane import Answered, Plane, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = b'{"model": "fast", "messages": [{"role": "user", "content": "caf\xc3\xa9"}]}'


def keys_of(user: str, **changes: str) -> AwsKeys:
    found = parse_credential(
        "aws", {**AWS_KEYS, "secret_access_key": f"canary/{user}/K7MDENG+bPxRfiCYEXAMPLE", **changes}
    )
    assert isinstance(found, AwsKeys)
    return found


def ref(user: str, upstream: str, version: int = 1) -> str:
    return f"secret://{own_secret_name(user, upstream, 'aws')}@{version}"


def own(plane: Plane, user: str, upstream: str, *, version: int = 1, **fields: Any) -> dict[str, Any]:
    origin = f"http://127.0.0.1:{plane.upstreams[upstream].port}"
    credential = {"kind": "aws", "ref": ref(user, upstream, version), "origin": origin}
    return {"name": upstream, "provider": upstream, "credential": credential, **fields}


@pytest_asyncio.fixture(loop_scope="module")
async def usual(plane: Plane) -> AsyncIterator[Plane]:
    """The plane, brought back to its usual consumers afterwards."""
    before = plane.desired
    yield plane
    await plane.apply(configurations=before.configurations, secrets=before.secrets)


async def bring(
    plane: Plane, user: str, keys: AwsKeys, mode: str = "EXCLUSIVE", version: int = 1, **fields: Any
) -> None:
    """This consumer as well, with these keys at `alpha`."""
    document = consumer(user, version, mode=mode, backends=[own(plane, user, "alpha", version=version, **fields)])
    await plane.apply(
        configurations={**plane.desired.configurations, user: document},
        secrets={**plane.desired.secrets, ref(user, "alpha", version): sealed_text(keys)},
    )


async def ask(plane: Plane, user: str, body: bytes = BODY) -> Answered:
    return await plane.chat(body, plane.key.sign(user))


async def test_each_request_is_signed_as_it_goes_out_by_its_consumers_keys(usual: Plane) -> None:
    await bring(usual, "ada", keys_of("ada"))
    await bring(usual, "bob", keys_of("bob", session_token="session-of-bob"))

    answers = [await ask(usual, "ada"), await ask(usual, "bob"), await ask(usual, "everyone")]

    assert [one.status for one in answers] == [200] * 3
    of_ada, of_bob, of_everyone = usual.upstreams["alpha"].received
    assert of_ada.body == BODY.replace(b'"fast"', b'"fast-2026"')
    signed = signed_by(of_ada, keys_of("ada").secret_access_key)
    assert signed is not None
    assert signed[:3] == (AWS_KEYS["access_key_id"], "us-east-1", "bedrock")
    assert {"host", "x-amz-date", "x-amz-content-sha256"} <= set(signed[3])
    assert of_ada.header("x-amz-security-token") is None
    assert signed_by(of_bob, keys_of("bob").secret_access_key) is not None
    assert of_bob.header("x-amz-security-token") == "session-of-bob"
    assert signed_by(of_bob, keys_of("ada").secret_access_key) is None
    assert of_everyone.header("authorization") == "Bearer KEY-ALPHA"


async def test_a_large_body_is_signed_whole(usual: Plane) -> None:
    await bring(usual, "ada", keys_of("ada"))
    body = b'{"model": "fast", "prompt": "' + b"x" * 900_000 + b'"}'

    answered = await ask(usual, "ada", body)

    (received,) = usual.upstreams["alpha"].received
    assert answered.status == 200
    assert signed_by(received, keys_of("ada").secret_access_key) is not None


@pytest.mark.parametrize("failure", [500, 403])
async def test_exclusive_never_comes_to_the_platforms_key(usual: Plane, failure: int) -> None:
    await bring(usual, "ada", keys_of("ada"))
    usual.upstreams["alpha"].usual = reply(failure)

    answered = await ask(usual, "ada")

    assert answered.status == failure
    received = usual.upstreams["alpha"].received
    assert received
    assert all(signed_by(one, keys_of("ada").secret_access_key) for one in received)
    assert not usual.upstreams["beta"].received + usual.upstreams["gamma"].received


@pytest.mark.parametrize("failure", [500, 403])
async def test_preferred_goes_on_to_the_platform_with_nothing_of_the_signature(usual: Plane, failure: int) -> None:
    await bring(usual, "ada", keys_of("ada", session_token="session-of-ada"), "PREFERRED", models=["fast"])
    usual.upstreams["alpha"].script.append(reply(failure))

    answered = await ask(usual, "ada")

    assert answered.status == 200
    first, second = usual.upstreams["alpha"].received
    assert signed_by(first, keys_of("ada").secret_access_key) is not None
    assert second.header("authorization") == "Bearer KEY-ALPHA"
    assert not [name for name, _ in second.headers if name.startswith("x-amz") or "agentrouter" in name]


async def test_a_rotation_drops_no_request(usual: Plane) -> None:
    await bring(usual, "ada", keys_of("ada"))
    answers, rotated = [], asyncio.Event()

    async def keep_asking() -> None:
        while not rotated.is_set():
            answers.append((await ask(usual, "ada")).status)

    asking = asyncio.create_task(keep_asking())
    for version in range(2, 6):
        await bring(usual, "ada", keys_of(f"ada{version}"), version=version)
    rotated.set()
    await asking
    await ask(usual, "ada")

    assert set(answers) == {200}
    assert signed_by(usual.upstreams["alpha"].received[-1], keys_of("ada5").secret_access_key) is not None


async def test_no_key_can_be_read_from_envoys_configuration(usual: Plane) -> None:
    keys = keys_of("ada", session_token="session-canary-of-ada")
    await bring(usual, "ada", keys)
    await ask(usual, "ada")

    dump = await usual.everything_envoy_shows()

    assert "aws_request_signing" in dump
    assert keys.secret_access_key not in dump
    assert keys.session_token not in dump
    assert keys.secret_access_key not in repr(usual.compiled)


@pytest.mark.parametrize(("setting", "broken"), [('"5s"', '"0s"'), ('"bedrock"', '""')], ids=["around", "beside"])
async def test_a_refusal_by_envoy_tells_no_key_and_neither_does_its_log(
    usual: Plane, setting: str, broken: str
) -> None:
    keys = keys_of("ada", session_token="session-canary-of-ada")
    await bring(usual, "ada", keys)
    (signing,) = [one for (_, name), one in usual.compiled.resources.items() if name.endswith("/byok-aws")]
    fields = json.loads(json.dumps(real_packer().unpack(names.CLUSTER, signing.body)).replace(setting, broken))
    bad = Resource.of(signing.type_url, signing.name, usual.packer.pack(names.CLUSTER, fields), signing.slot)

    outcome = await usual.gateway.apply(usual.compiled.resources.changed_by([bad]))

    (refused,) = outcome.refused
    said = refused.reason + "".join(map(text_of, Path(usual.options.access_log).parent.rglob("*.log")))
    assert (refused.slot, refused.name) == ("config/ada", signing.name)
    assert not [secret for secret in (keys.secret_access_key, keys.session_token) if secret in said]
