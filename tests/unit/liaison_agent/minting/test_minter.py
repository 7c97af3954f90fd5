"""Tokens in the place of credentials: renewed in time, kept through failures until they end, forgotten when unused."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contract import own_secret_name
from contract.own_credentials import WholeCredential, parse_credential, sealed_text
from liaison_agent.minting.access_tokens import AccessToken, MintError
from liaison_agent.minting.minter import OF_ONE_CONSUMER, Minter
from liaison_agent.state import Desired
from tests.fakes.clocks import FakeClock
from tests.fakes.compiling import consumer, desired
from tests.fakes.credentials import OAUTH_CLIENT

ORIGIN = "https://own.example:443"
HOUR = timedelta(hours=1)


def ref(user: str, version: int = 1, backend: str = "mine") -> str:
    return f"secret://{own_secret_name(user, backend, 'oauth')}@{version}"


def client(secret: str, **changes: str) -> str:
    return sealed_text(parse_credential("oauth", {**OAUTH_CLIENT, "client_secret": secret, **changes}))


def wanting(**secrets: str) -> Desired:
    """Consumers with an OAuth client each, by its secret."""
    documents = [consumer(user, backends=[{"credential": {"ref": ref(user)}}]) for user in secrets]
    texts = {ref(user): client(secret) for user, secret in secrets.items()}
    return replace(desired(*documents, secrets=texts), origins=dict.fromkeys(texts, ORIGIN))


class Issuer:
    """Gives tokens named after the secret, or what the test says. `gate` closed: nothing comes."""

    def __init__(self) -> None:
        self.answers: deque[AccessToken | MintError] = deque()
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.hanging = ""  # secrets that begin so are never answered

    def grant(self, credential: WholeCredential) -> Any:
        issuer = self

        class _Grant:
            async def mint(self) -> AccessToken:
                issuer.asked.append(credential.told_by)
                await issuer.gate.wait()
                if issuer.hanging and credential.told_by.startswith(issuer.hanging):
                    await asyncio.Event().wait()
                if not issuer.answers:
                    return AccessToken(f"{credential.told_by}-{len(issuer.asked)}", HOUR)
                answer = issuer.answers.popleft()
                if isinstance(answer, MintError):
                    raise answer
                return answer

        return _Grant()


class Bench:
    """A minter with a time that the test moves."""

    def __init__(self) -> None:
        self.issuer, self.clock = Issuer(), FakeClock()
        self.minter = Minter(self.issuer.grant, self.clock, random.Random(1))

    async def later(self, seconds: float) -> None:
        """So much later, when everything that is due then was tried."""
        self.clock.advance(seconds)
        self.minter.look()
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_token_takes_the_place_of_each_consumers_credential(bench: Bench) -> None:
    presented = await bench.minter.present(wanting(ada="secret-a", bob="secret-b"))

    assert presented.secrets == {ref("ada"): "secret-a-1", ref("bob"): "secret-b-2"}
    assert presented.withheld == {}


async def test_other_secrets_are_left_as_they_are(bench: Bench) -> None:
    plain = desired(secrets={"secret://openai@1": "sk-1", f"secret://{own_secret_name('ada', 'x')}@1": "sk-2"})

    assert await bench.minter.present(plain) is plain


async def test_a_token_is_renewed_before_it_ends_and_not_before_half_its_life(bench: Bench) -> None:
    wanted = wanting(ada="secret")
    await bench.minter.present(wanted)

    await bench.later(3600 * 0.55)
    early = len(bench.issuer.asked)
    await bench.later(3600 * 0.26)

    assert (early, len(bench.issuer.asked)) == (1, 2)
    assert (await bench.minter.present(wanted)).secrets == {ref("ada"): "secret-2"}


async def test_many_tokens_are_not_renewed_at_the_same_moment(bench: Bench) -> None:
    await bench.minter.present(wanting(**{f"c{n}": f"secret-{n}" for n in range(12)}))
    await bench.later(3600 * 0.59)
    counts = []

    for _ in range(22):
        before = len(bench.issuer.asked)
        await bench.later(36)
        counts.append(len(bench.issuer.asked) - before)

    assert sum(counts) == 12
    assert max(counts) < 6


async def test_a_failure_keeps_the_last_token_until_it_ends_and_then_there_is_none(bench: Bench) -> None:
    wanted = wanting(ada="secret")
    await bench.minter.present(wanted)
    bench.issuer.answers.extend([MintError("idp.example answered 503")] * 1000)

    await bench.later(3600 * 0.81)
    kept = await bench.minter.present(wanted)
    told = bench.minter.troubles()
    await bench.later(3600 * 0.2)
    ended = await bench.minter.present(wanted)

    assert kept.secrets == {ref("ada"): "secret-1"}
    assert "consumer ada: backend mine" in told[0]
    assert "idp.example answered 503" in told[0]
    assert (ended.secrets, ended.withheld) == ({}, {ref("ada"): "idp.example answered 503"})
    assert bench.minter.troubles() == ()


async def test_failures_are_tried_again_less_and_less_often_and_a_refusal_least(bench: Bench) -> None:
    async def tries_in_an_hour(error: MintError, user: str) -> int:
        bench.issuer.asked.clear()
        bench.issuer.answers.extend([error] * 10_000)
        await bench.minter.present(wanting(**{user: "secret"}))
        for _ in range(3600):
            await bench.later(1)
        bench.issuer.answers.clear()
        return len(bench.issuer.asked)

    failed = await tries_in_an_hour(MintError("down"), "ada")
    refused = await tries_in_an_hour(MintError("no", refused=True), "bob")

    assert 60 <= failed <= 140
    assert 12 <= refused <= 40


async def test_a_rotated_credential_is_tried_at_once_and_the_last_token_serves_meanwhile(bench: Bench) -> None:
    await bench.minter.present(wanting(ada="before"))
    bench.issuer.answers.append(MintError("idp.example answered 401", refused=True))

    failing = await bench.minter.present(wanting(ada="after"))
    await bench.later(2)
    renewed = await bench.minter.present(wanting(ada="after"))

    assert failing.secrets == {ref("ada"): "before-1"}
    assert renewed.secrets == {ref("ada"): "after-3"}
    assert bench.issuer.asked == ["before", "after", "after"]


@pytest.mark.parametrize("other", [{"client_id": "somebody-else"}, {"token_url": "https://else.example/token"}])
async def test_another_clients_token_serves_for_nobody_else(bench: Bench, other: dict[str, str]) -> None:
    wanted = wanting(ada="before")
    await bench.minter.present(wanted)
    bench.issuer.answers.append(MintError("idp.example answered 401", refused=True))

    presented = await bench.minter.present(replace(wanted, secrets={ref("ada"): client("after", **other)}))

    assert (presented.secrets, presented.withheld) == ({}, {ref("ada"): "idp.example answered 401"})


async def test_what_no_document_presents_is_neither_asked_for_nor_handed_out(bench: Bench) -> None:
    wanted = wanting(ada="secret")
    await bench.minter.present(wanted)

    without = replace(wanted, configurations={"ada": consumer("ada", 2)})
    presented = await bench.minter.present(without)
    await bench.later(7200)

    assert (presented.secrets, presented.withheld) == ({}, {})
    assert bench.issuer.asked == ["secret"]


@pytest.mark.parametrize("enabled", [False, True])
async def test_nothing_is_asked_for_a_disabled_consumer(bench: Bench, enabled: bool) -> None:
    wanted = wanting(ada="secret")
    document = consumer("ada", 2, enabled=enabled, backends=[{"credential": {"ref": ref("ada")}}])

    presented = await bench.minter.present(replace(wanted, configurations={"ada": document}))
    await bench.later(7200)

    assert bool(presented.secrets) is bool(bench.issuer.asked) is enabled
    assert presented.withheld == {}


async def test_the_token_of_a_consumer_that_was_disabled_is_let_go_at_once_and_its_next_is_another(
    bench: Bench,
) -> None:
    wanted = wanting(ada="secret")
    await bench.minter.present(wanted)
    disabled = consumer("ada", 2, enabled=False, backends=[{"credential": {"ref": ref("ada")}}])

    without = await bench.minter.present(replace(wanted, configurations={"ada": disabled}))
    again = await bench.minter.present(wanted)

    assert (without.secrets, without.withheld) == ({}, {})
    assert again.secrets == {ref("ada"): "secret-2"}


async def test_a_token_that_ends_while_its_renewal_hangs_is_let_go_then(bench: Bench) -> None:
    wanted = wanting(ada="secret")
    running = asyncio.create_task(bench.minter.run())
    await bench.minter.present(wanted)
    await bench.minter.changed()
    bench.issuer.gate.clear()
    bench.clock.advance(3000)
    await bench.later(0)
    assert bench.issuer.asked == ["secret", "secret"]

    bench.clock.advance(600)
    await asyncio.wait_for(bench.minter.changed(), 10)

    assert (await bench.minter.present(wanted)).secrets == {}
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await bench.minter.close()


async def test_a_thousand_dead_endpoints_of_one_consumer_hold_up_nobody_elses_token(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liaison_agent.minting.minter.PATIENCE", 0.01)
    dead = [ref("mallory", backend=f"dead-{number}") for number in range(1000)]
    document = consumer("mallory", backends=[{"credential": {"ref": each}} for each in dead])
    others = wanting(**{f"c{number}": f"secret-{number}" for number in range(40)})
    texts = {each: client(f"dead-{number}") for number, each in enumerate(dead)}
    wanted = replace(
        others,
        configurations={"mallory": document, **others.configurations},
        secrets={**texts, **others.secrets},
        origins=dict.fromkeys([*dead, *others.secrets], ORIGIN),
    )
    bench.issuer.hanging = "dead-"

    while (await bench.minter.present(wanted)).secrets.keys() != others.secrets.keys():  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0)

    assert len([each for each in bench.issuer.asked if each.startswith("dead-")]) == OF_ONE_CONSUMER
    await bench.minter.close()


async def test_the_same_name_for_another_place_starts_without_a_token(bench: Bench) -> None:
    wanted = wanting(ada="secret")
    await bench.minter.present(wanted)
    bench.issuer.answers.append(MintError("down"))

    moved = await bench.minter.present(replace(wanted, origins={ref("ada"): "https://else.example:443"}))

    assert (moved.secrets, moved.withheld) == ({}, {ref("ada"): "down"})


async def test_a_credential_that_cannot_be_read_is_withheld(bench: Bench) -> None:
    wanted = wanting(ada="secret")

    presented = await bench.minter.present(replace(wanted, secrets={ref("ada"): "{not one of ours"}))

    assert presented.secrets == {}
    assert "save it again" in presented.withheld[ref("ada")]


async def test_a_fault_of_one_exchange_is_a_failure_like_any_other(bench: Bench) -> None:
    broken = Minter(lambda credential: 1 / 0, bench.clock, random.Random(1))  # type: ignore[arg-type, return-value]

    presented = await broken.present(wanting(ada="secret"))

    assert presented.withheld == {ref("ada"): "it could not be got (ZeroDivisionError)"}


async def test_a_change_is_told_and_a_renewal_goes_on_by_itself(bench: Bench) -> None:
    wanted = wanting(ada="secret")
    running = asyncio.create_task(bench.minter.run())
    await bench.minter.present(wanted)
    await bench.minter.changed()

    bench.clock.advance(3000)
    await bench.minter.changed()

    assert (await bench.minter.present(wanted)).secrets == {ref("ada"): "secret-2"}
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await bench.minter.close()


async def test_the_end_cancels_what_is_under_way(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison_agent.minting.minter.PATIENCE", 0.01)
    bench.issuer.gate.clear()

    presented = await bench.minter.present(wanting(ada="secret"))
    await bench.minter.close()

    assert presented.withheld == {ref("ada"): "its access token has not come yet"}
    assert bench.issuer.asked == ["secret"]


async def test_an_endpoint_that_does_not_answer_is_waited_for_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liaison_agent.minting.minter.PATIENCE", 0.01)
    bench.issuer.gate.clear()
    await bench.minter.present(wanting(ada="secret"))
    monkeypatch.setattr("liaison_agent.minting.minter.PATIENCE", None)  # whoever waits now waits for ever

    presented = await asyncio.wait_for(bench.minter.present(wanting(ada="secret")), 60)

    assert presented.withheld == {ref("ada"): "its access token has not come yet"}
    await bench.minter.close()


def test_nobody_reads_a_secret_in_what_is_kept(bench: Bench) -> None:
    assert "canary" not in repr(wanting(ada="canary"))
