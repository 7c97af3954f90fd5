"""Consumers' credentials of every kind over every wire: sealed whole, shown by their marks, never mixed up."""

from __future__ import annotations

import json

import pytest

from agentrouter.configurator.v1 import backends_pb2 as pb
from contract.own_credentials import parse_credential, read_sealed
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import refusal
from tests.contract.wires.test_backends import backend, delivered, listed, opened, save
from tests.fakes.credentials import AWS_KEYS, OAUTH_CLIENT, key_file

CREDENTIALS = {
    "oauth": pb.BackendCredential(oauth=pb.OAuthClient(**OAUTH_CLIENT, scopes=["one", "two"])),
    "aws": pb.BackendCredential(aws=pb.AwsKeys(**AWS_KEYS)),
    "gcp": pb.BackendCredential(gcp=pb.GcpServiceAccount(key_file=json.dumps(key_file()))),
}


@pytest.mark.parametrize(("kind", "last_four"), [("oauth", "t-42"), ("aws", "MPLE"), ("gcp", "3456")])
async def test_a_credential_of_every_kind_is_sealed_whole_and_shown_by_its_marks(
    tenant: Tenant, kind: str, last_four: str
) -> None:
    agent = await tenant.settled_agent()

    saved = await save(tenant, backend(key="", credential=CREDENTIALS[kind]))
    listing = await listed(tenant)

    (summary,) = saved.backends
    assert (summary.credential_kind, summary.last_four) == (kind, last_four)
    assert list(listing.backends) == [summary]
    (own,) = (await delivered(agent)).backends
    assert (own.credential.kind, own.credential.origin) == (kind, "https://own.example:443")
    (sealed,) = await opened(tenant, agent)
    given = {one.name: value for one, value in getattr(CREDENTIALS[kind], kind).ListFields()}
    assert read_sealed(kind, sealed.decode()) == parse_credential(kind, given)


async def test_another_kind_of_credential_is_another_secret_and_a_kept_one_stays_what_it_is(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await save(tenant, backend())

    await save(tenant, backend(key="", credential=CREDENTIALS["oauth"]))
    kept = await save(tenant, backend(key="", weight=7))

    assert kept.backends[0].credential_kind == "oauth"
    (own,) = (await delivered(agent)).backends
    assert own.credential.ref.startswith("secret://byok-oauth/ada/example.com/mine@")


async def test_tokens_come_from_where_requests_may_go(tenant: Tenant) -> None:
    client = pb.OAuthClient(**{**OAUTH_CLIENT, "token_url": "https://169.254.169.254/token"})
    account = pb.GcpServiceAccount(key_file=json.dumps(key_file(token_uri="http://127.0.0.1/token")))

    with refusal("INVALID_ARGUMENT") as refused:
        await save(
            tenant,
            backend("a", "", credential=pb.BackendCredential(oauth=client)),
            backend("b", "", credential=pb.BackendCredential(gcp=account)),
        )

    assert refused.faults.keys() == {"backends[0].credential.oauth.token_url", "backends[1].credential.gcp.key_file"}
