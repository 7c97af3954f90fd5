"""The exchange itself, with a real token server: who is asked, how, and where requests may not go."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import pytest_asyncio

from contract.egress import EgressPolicy
from contract.own_credentials import parse_credential
from liaison_agent.minting.access_tokens import AccessToken, MintError
from liaison_agent.minting.grants import grant_of
from liaison_agent.minting.token_endpoint import TokenEndpoints
from tests.fakes.certificates import Authority
from tests.fakes.clocks import FakeClock
from tests.fakes.credentials import AWS_KEYS, key_file, rsa_key
from tests.fakes.token_server import TokenServer

LOCAL = EgressPolicy(allow_loopback=True)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[TokenServer]:
    started = TokenServer(**{"ada:id": "s3cret/+ &"})
    await started.start()
    yield started
    await started.stop()


def endpoints(*addresses: str, policy: EgressPolicy = LOCAL, trust_store: str = "") -> TokenEndpoints:
    async def look_up(host: str) -> Sequence[str]:
        if not addresses:
            raise OSError("no such name")
        return addresses

    return TokenEndpoints(look_up, policy, trust_store)


async def mint(url: str, asked: TokenEndpoints, **changes: Any) -> AccessToken:
    given = {"token_url": url, "client_id": "ada:id", "client_secret": "s3cret/+ &", **changes}
    return await grant_of(parse_credential("oauth", given), asked.post, FakeClock()).mint()


async def test_a_client_gets_a_token_for_its_scopes_and_audience(server: TokenServer) -> None:
    token = await mint(server.url, endpoints(), scopes=["one", "two"], audience="https://api.example")

    assert (token.value, token.lifetime) == ("token-1-of-ada:id", timedelta(hours=1))
    (form,) = server.asked
    assert form == {
        "grant_type": "client_credentials",
        "scope": "one two",
        "audience": "https://api.example",
        "client": "ada:id",
    }


async def test_a_server_without_basic_is_asked_in_the_form_and_then_only_so(server: TokenServer) -> None:
    server.basic = False
    client = parse_credential("oauth", {"token_url": server.url, "client_id": "ada:id", "client_secret": "s3cret/+ &"})
    grant = grant_of(client, endpoints().post, FakeClock())

    await grant.mint()
    await grant.mint()

    assert [one["client"] for one in server.asked] == ["", "ada:id", "ada:id"]


async def test_a_wrong_secret_is_refused_without_a_word_of_it(server: TokenServer) -> None:
    with pytest.raises(MintError) as failed:
        await mint(server.url, endpoints(), client_secret="wrong-canary")

    assert str(failed.value) == "127.0.0.1 answered 401 (invalid_client)"
    assert failed.value.refused


async def test_a_service_account_signs_who_it_is_and_what_for(server: TokenServer) -> None:
    file = key_file(token_uri=server.url)
    account = parse_credential("gcp", {"key_file": json.dumps(file)})

    token = await grant_of(account, endpoints().post, FakeClock()).mint()

    assert token.value == f"token-1-of-{file['client_email']}"
    (form,) = server.asked
    assertion = form["assertion"]
    claims = jwt.decode(
        assertion, rsa_key().public_key(), ["RS256"], audience=server.url, options={"verify_exp": False}
    )
    assert jwt.get_unverified_header(assertion)["kid"] == file["private_key_id"]
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    assert claims["exp"] - claims["iat"] == 3600
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"


async def test_a_redirect_is_not_followed(server: TokenServer) -> None:
    server.script.append((307, ""))
    server.headers = {"location": server.url}

    with pytest.raises(MintError, match="not followed"):
        await mint(server.url, endpoints())

    assert len(server.asked) == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1"])
async def test_a_name_that_leads_where_requests_may_not_go_is_not_asked(server: TokenServer, address: str) -> None:
    asked = endpoints(address, policy=EgressPolicy())

    with pytest.raises(MintError, match="resolves only to addresses that requests may not go to"):
        await mint(f"https://idp.example:{server.port}/token", asked)

    assert server.asked == []


async def test_an_address_where_requests_may_not_go_is_not_asked(server: TokenServer) -> None:
    with pytest.raises(MintError, match="loopback"):
        await mint(server.url, endpoints(policy=EgressPolicy()))

    assert server.asked == []


async def test_of_several_addresses_only_the_allowed_are_asked(server: TokenServer) -> None:
    token = await mint(server.url.replace("127.0.0.1", "localhost"), endpoints("169.254.169.254", "127.0.0.1"))

    assert token.value == "token-1-of-ada:id"


async def test_the_endpoint_shows_a_certificate_of_its_name(tmp_path: Path) -> None:
    authority, server = Authority(), TokenServer(**{"ada:id": "s3cret/+ &"})
    await server.start(authority.server_context("idp.example"))
    trusted = endpoints("127.0.0.1", trust_store=str(authority.write(tmp_path / "authorities.pem")))
    strange = endpoints("127.0.0.1", trust_store=str(Authority().write(tmp_path / "others.pem")))

    token = await mint(f"https://idp.example:{server.port}/token", trusted)
    for asked, name in ((trusted, "else.example"), (strange, "idp.example")):
        with pytest.raises(MintError, match="no certificate that is trusted"):
            await mint(f"https://{name}:{server.port}/token", asked)

    assert token.value == "token-1-of-ada:id"
    assert len(server.asked) == 1
    await server.stop()


async def test_what_cannot_be_reached_is_said_by_its_host(free_ports: Any, tmp_path: Path) -> None:
    with pytest.raises(MintError, match=r"127\.0\.0\.1 cannot be connected to"):
        await mint(f"http://127.0.0.1:{free_ports(1)[0]}/token", endpoints())
    with pytest.raises(MintError, match=r"idp\.example does not resolve"):
        await mint("https://idp.example/token", endpoints(trust_store=str(Authority().write(tmp_path / "a.pem"))))


async def test_an_answer_without_end_is_no_token(server: TokenServer) -> None:
    server.script.append((200, '{"access_token": "' + "x" * 1_000_000 + '"}'))

    with pytest.raises(MintError, match="without an access token"):
        await mint(server.url, endpoints())


def test_for_keys_that_sign_no_token_is_got() -> None:
    with pytest.raises(MintError):
        grant_of(parse_credential("aws", AWS_KEYS), endpoints().post, FakeClock())
