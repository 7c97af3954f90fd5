"""Consumers' OAuth clients and service accounts on a real Envoy: whose token goes where, and when there is none."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from contract import own_secret_name
from contract.egress import EgressPolicy
from contract.own_credentials import parse_credential, sealed_text
from liaison_agent.minting.grants import grant_of
from liaison_agent.minting.minter import Minter
from liaison_agent.minting.token_endpoint import TokenEndpoints
from liaison_agent.state import Configuration
from tests.fakes.clocks import FakeClock
from tests.fakes.compiling import consumer
from tests.fakes.credentials import key_file
from tests.fakes.scripted_upstream import Received
from tests.fakes.token_server import TokenServer
from tests.integration.dataplane.plane import Answered, Plane

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _nowhere(host: str) -> Sequence[str]:
    raise OSError("no such name")


class Town:
    """The plane with a token server, and what keeps tokens."""

    def __init__(self, plane: Plane, server: TokenServer) -> None:
        self.plane, self.server, self.clock = plane, server, FakeClock()
        endpoints = TokenEndpoints(_nowhere, EgressPolicy(allow_loopback=True), "")
        self.minter = Minter(lambda one: grant_of(one, endpoints.post, self.clock), self.clock, random.Random(1))
        self.wanted = plane.desired

    def client(self, name: str, secret: str = "right") -> str:
        given = {"token_url": self.server.url, "client_id": name, "client_secret": secret}
        return sealed_text(parse_credential("oauth", given))

    def account(self) -> str:
        given = {"key_file": json.dumps(key_file(token_uri=self.server.url))}
        return sealed_text(parse_credential("gcp", given))

    def own(self, user: str, upstream: str, kind: str = "oauth", *, version: int = 1, **fields: Any) -> dict[str, Any]:
        origin = f"http://127.0.0.1:{self.plane.upstreams[upstream].port}"
        credential = {"kind": kind, "ref": ref(user, upstream, kind, version), "origin": origin}
        return {"name": upstream, "provider": upstream, "credential": credential, **fields}

    async def bring(self, *documents: Configuration, **secrets: str) -> None:
        """These consumers as well; `secrets` by reference."""
        configurations = {**self.wanted.configurations, **{one.user_id: one for one in documents}}
        self.wanted = replace(self.wanted, configurations=configurations, secrets={**self.wanted.secrets, **secrets})
        await self.present()

    async def present(self) -> None:
        """Have the plane be what is wanted now, with the tokens that there are."""
        shown = await self.minter.present(self.wanted)
        await self.plane.apply(configurations=shown.configurations, secrets=shown.secrets, withheld=shown.withheld)

    async def later(self, seconds: float) -> None:
        """So much later, when what was due then was tried."""
        self.clock.advance(seconds)
        self.minter.look()
        await asyncio.gather(*(one.minting for one in self.minter._known.values() if one.minting))

    async def ask(self, user: str, model: str = "fast") -> Answered:
        return await self.plane.chat({"model": model}, self.plane.key.sign(user))


def ref(user: str, upstream: str, kind: str = "oauth", version: int = 1) -> str:
    return f"secret://{own_secret_name(user, upstream, kind)}@{version}"


def presented(requests: list[Received]) -> list[tuple[str | None, str | None]]:
    """Everything that a request could have been paid with."""
    return [(one.header("authorization"), one.header("api-key")) for one in requests]


def document(user: str, mode: str, *backends: dict[str, Any], version: int = 1) -> Configuration:
    """With the canonical bytes that a control plane delivers."""
    made = consumer(user, version, mode=mode, backends=list(backends))
    body = json.dumps(json.loads(made.document), separators=(",", ":")).encode()
    return replace(made, document=body)


@pytest_asyncio.fixture(loop_scope="module")
async def town(plane: Plane) -> AsyncIterator[Town]:
    before = plane.desired
    server = TokenServer(ada="right", bob="right")
    await server.start()
    made = Town(plane, server)
    yield made
    await made.minter.close()
    await server.stop()
    await plane.apply(configurations=before.configurations, secrets=before.secrets, withheld={})


async def test_each_consumers_own_token_is_presented_for_it_alone(town: Town) -> None:
    await town.bring(
        document("ada", "EXCLUSIVE", town.own("ada", "alpha")),
        document("bob", "EXCLUSIVE", town.own("bob", "alpha")),
        document("eve", "EXCLUSIVE", town.own("eve", "alpha", "gcp")),
        **{
            ref("ada", "alpha"): town.client("ada"),
            ref("bob", "alpha"): town.client("bob"),
            ref("eve", "alpha", "gcp"): town.account(),
        },
    )

    answers = [await town.ask(user) for user in ("ada", "bob", "eve", "everyone")]

    assert [one.status for one in answers] == [200] * 4
    of = {form["client"]: token for form, token in zip(town.server.asked, town.server.given, strict=True)}
    assert [bearer for bearer, _ in presented(town.plane.upstreams["alpha"].received)] == [
        f"Bearer {of['ada']}",
        f"Bearer {of['bob']}",
        f"Bearer {of[key_file()['client_email']]}",
        "Bearer KEY-ALPHA",
    ]


async def test_a_token_goes_into_its_own_header_where_keys_go_into_another(town: Town) -> None:
    await town.bring(document("ada", "EXCLUSIVE", town.own("ada", "beta")), **{ref("ada", "beta"): town.client("ada")})

    answered = await town.ask("ada")

    assert answered.status == 200
    assert presented(town.plane.upstreams["beta"].received) == [(f"Bearer {town.server.given[0]}", None)]


async def test_exclusive_without_a_token_fails_closed_and_says_why(town: Town) -> None:
    await town.bring(
        document("ada", "EXCLUSIVE", town.own("ada", "alpha")), **{ref("ada", "alpha"): town.client("ada", "wrong")}
    )

    answered = await town.ask("ada")

    assert (answered.status, answered.error["code"]) == (503, "upstream_unavailable")
    assert not town.plane.upstreams["alpha"].received
    (left_out,) = [one for one in town.plane.compiled.left_out if one.user_id == "ada"]
    assert (left_out.what, left_out.why) == ("backend alpha", "127.0.0.1 answered 401 (invalid_client)")


async def test_preferred_without_a_token_is_the_platforms(town: Town) -> None:
    await town.bring(
        document("ada", "PREFERRED", town.own("ada", "alpha")), **{ref("ada", "alpha"): town.client("ada", "wrong")}
    )

    answered = await town.ask("ada")

    assert answered.status == 200
    assert presented(town.plane.upstreams["alpha"].received) == [("Bearer KEY-ALPHA", None)]


async def test_a_token_that_ends_is_taken_away_and_comes_back(town: Town) -> None:
    await town.bring(
        document("ada", "EXCLUSIVE", town.own("ada", "alpha")), **{ref("ada", "alpha"): town.client("ada")}
    )
    town.server.script.extend([(503, ""), (503, "")])

    await town.later(3000)
    await town.present()
    kept = await town.ask("ada")
    await town.later(600)
    await town.present()
    ended = await town.ask("ada")
    await town.later(60)
    await town.present()
    back = await town.ask("ada")

    assert [kept.status, ended.status, back.status] == [200, 503, 200]
    assert [bearer for bearer, _ in presented(town.plane.upstreams["alpha"].received)] == [
        f"Bearer {token}" for token in town.server.given
    ]
    assert len(town.server.given) == 2


async def test_a_renewal_and_a_rotation_drop_no_request_and_change_one_secret(town: Town) -> None:
    await town.bring(
        document("ada", "EXCLUSIVE", town.own("ada", "alpha")), **{ref("ada", "alpha"): town.client("ada")}
    )
    answers, done = [], asyncio.Event()

    async def keep_asking() -> None:
        while not done.is_set():
            answers.append((await town.ask("ada")).status)

    asking = asyncio.create_task(keep_asking())
    await town.later(3000)
    before = town.plane.compiled.resources
    await town.present()
    renewed, removed = before.diff(town.plane.compiled.resources)
    for version in (2, 3):
        town.server.clients["ada"] = f"right-{version}"
        moved = document("ada", "EXCLUSIVE", town.own("ada", "alpha", version=version), version=version)
        await town.bring(moved, **{ref("ada", "alpha", version=version): town.client("ada", f"right-{version}")})
    done.set()
    await asking
    await town.ask("ada")

    assert set(answers) == {200}
    assert ([one.name.rpartition("/")[0] for one in renewed], removed) == (["byok-oauth/ada/alpha"], ())
    seen = [bearer for bearer, _ in presented(town.plane.upstreams["alpha"].received)]
    assert seen[-1] == f"Bearer {town.server.given[-1]}"
    assert set(seen) <= {f"Bearer {token}" for token in town.server.given}


async def test_neither_the_credential_nor_its_token_can_be_read_from_envoys_configuration(town: Town) -> None:
    town.server.clients["ada"] = "canary-of-client"
    await town.bring(
        document("ada", "EXCLUSIVE", town.own("ada", "alpha")),
        **{ref("ada", "alpha"): town.client("ada", "canary-of-client")},
    )
    await town.ask("ada")

    dump = await town.plane.everything_envoy_shows()

    assert "byok-oauth/ada/alpha" in dump
    assert not [secret for secret in ("canary-of-client", *town.server.given) if secret in dump]


@pytest.mark.parametrize("disabled", [True, False], ids=["disabled", "without its backend"])
async def test_the_token_of_a_consumer_that_no_longer_presents_it_leaves_envoy_at_once(
    town: Town, disabled: bool
) -> None:
    own = town.own("ada", "alpha")
    await town.bring(document("ada", "EXCLUSIVE", own), **{ref("ada", "alpha"): town.client("ada")})
    await town.ask("ada")
    before = await town.plane.everything_envoy_shows()

    without = {"enabled": False, "mode": "EXCLUSIVE", "backends": [own]} if disabled else {}
    await town.bring(consumer("ada", 2, **without))
    after = await town.plane.everything_envoy_shows()
    await town.later(7200)

    assert "byok-oauth/ada/alpha" in before
    assert "byok-oauth/ada/alpha" not in after
    assert len(town.server.asked) == 1
