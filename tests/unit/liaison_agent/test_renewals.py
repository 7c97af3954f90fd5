"""What is presented changes between two documents: it is pushed alone, once, and what is wrong is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from contract import own_secret_name
from liaison_agent.applier import Applier
from liaison_agent.compiler.compilation import Compiled, compile_gateway
from liaison_agent.planner import Plan
from liaison_agent.ports import GatewayUnavailable
from liaison_agent.state import Desired
from tests.fakes.clocks import FakeClock
from tests.fakes.compiling import consumer, desired, real_packer, workspace
from tests.fakes.gateway import FakeGateway

ORIGIN = "https://own.example:443"
REF = f"secret://{own_secret_name('ada', 'mine', 'oauth')}@1"
BACKEND = {
    "name": "mine",
    "base_url": "https://own.example/v1",
    "models": ["fast"],
    "credential": {"kind": "oauth", "ref": REF, "origin": ORIGIN},
}


class Presented:
    """What the test says is presented, and what is wrong with it."""

    def __init__(self) -> None:
        self.token, self.problem = "token-1", ""
        self.news = asyncio.Event()

    async def present(self, wanted: Desired) -> Desired:
        """See `Credentials`."""
        others = {ref: value for ref, value in wanted.secrets.items() if ref != REF}
        mine = {REF: self.token} if self.token else {}
        return replace(wanted, secrets={**others, **mine}, withheld={} if self.token else {REF: self.problem})

    async def changed(self) -> None:
        """See `Credentials`."""
        await self.news.wait()
        self.news.clear()

    def troubles(self) -> tuple[str, ...]:
        """See `Credentials`."""
        return (self.problem,) if self.problem and self.token else ()


def compile_(desired: Desired, *, previous: Compiled | None) -> Compiled:
    return compile_gateway(desired, packer=real_packer(), previous=previous)


class Scene:
    def __init__(self) -> None:
        clock = FakeClock()
        self.gateway, self.presented = FakeGateway(clock), Presented()
        self.applier = Applier(self.gateway, compile_, clock, credentials=self.presented)
        documents = [
            workspace({"fast": [{"name": "p", "base_url": "https://p.example/v1"}]}),
            consumer("ada", mode="EXCLUSIVE", backends=[BACKEND]),
            consumer("bob"),
        ]
        wanted = replace(desired(*documents, secrets={REF: "sealed-canary"}), origins={REF: ORIGIN})
        self.plan = Plan(wanted, {})

    def pushed(self) -> list[str]:
        """The names of what the last push changed."""
        return sorted(name for _, name in self.gateway.pushes[-1])


@pytest.fixture
async def scene() -> Scene:
    made = Scene()
    await made.applier.serve(made.plan)
    return made


async def test_the_credential_itself_is_never_part_of_the_gateway(scene: Scene) -> None:
    bodies = b"".join(one.body for one in scene.gateway.running().values())

    assert b"token-1" in bodies
    assert b"sealed-canary" not in bodies


async def test_a_renewed_token_is_pushed_alone_and_once(scene: Scene) -> None:
    scene.presented.token = "token-2"

    await scene.applier.refresh_credentials()
    await scene.applier.refresh_credentials()

    assert len(scene.gateway.pushes) == 2
    assert [name.rpartition("/")[0] for name in scene.pushed()] == ["byok-oauth/ada/mine"]
    assert b"token-2" in (b"".join(one.body for one in scene.gateway.running().values()))


async def test_a_token_that_ended_is_taken_away_and_its_backend_is_left_out_with_the_reason(scene: Scene) -> None:
    scene.presented.token, scene.presented.problem = "", "idp.example answered 401 (invalid_client)"

    await scene.applier.refresh_credentials()

    assert not [name for _, name in scene.gateway.running() if name.startswith("byok-oauth")]
    assert scene.applier.warnings == (
        "left out: consumer ada: backend mine: idp.example answered 401 (invalid_client)",
    )
    assert scene.applier.outages == (("ada", "mine", "idp.example answered 401 (invalid_client)"),)


async def test_a_backend_is_in_service_again_with_its_next_token(scene: Scene) -> None:
    scene.presented.token, scene.presented.problem = "", "idp.example answered 503"
    await scene.applier.refresh_credentials()

    scene.presented.token, scene.presented.problem = "token-2", ""
    await scene.applier.refresh_credentials()

    assert (scene.applier.outages, scene.applier.warnings) == ((), ())


async def test_what_cannot_be_renewed_is_told_while_it_still_serves(scene: Scene) -> None:
    scene.presented.problem = "consumer ada: backend mine: its access token is not renewed"

    assert scene.applier.warnings == (scene.presented.problem,)
    assert scene.applier.outages == ()


async def test_a_push_that_fails_is_made_with_the_next_look(scene: Scene) -> None:
    scene.presented.token = "token-2"
    scene.gateway.faults.append(GatewayUnavailable("Envoy is away"))

    with pytest.raises(GatewayUnavailable):
        await scene.applier.refresh_credentials()
    await scene.applier.refresh_credentials()

    assert b"token-2" in b"".join(one.body for one in scene.gateway.running().values())


async def test_news_is_followed_by_itself_and_survives_a_failure(scene: Scene) -> None:
    following = asyncio.create_task(scene.applier.follow_credentials())
    scene.gateway.faults.append(GatewayUnavailable("Envoy is away"))

    for token in ("token-2", "token-3"):
        scene.presented.token = token
        scene.presented.news.set()
        for _ in range(20):
            await asyncio.sleep(0)

    assert b"token-3" in b"".join(one.body for one in scene.gateway.running().values())
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
