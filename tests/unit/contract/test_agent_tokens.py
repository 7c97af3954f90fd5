"""The agent's token says whose it is, for whom and for how long."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.agent_tokens import dataplane_of, make_agent_token

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def token(dataplane_id: str = "dp-1", now: datetime = NOW) -> str:
    return make_agent_token(KEY, dataplane_id=dataplane_id, workspace_id="ws-1", now=now)


def test_the_token_carries_what_the_api_asks_for() -> None:
    made = jwt.api_jwt.decode_complete(
        token(),
        KEY.public_key(),
        algorithms=["EdDSA"],
        audience="agentrouter",
        options={"verify_exp": False, "verify_iat": False},
    )

    assert made["header"] == {"alg": "EdDSA", "kid": "instance-dp-1", "typ": "JWT"}
    assert made["payload"] == {
        "iss": "dp-1",
        "sub": "dp-1",
        "aud": "agentrouter",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(minutes=5)).timestamp()),
        "workspace_id": "ws-1",
    }


def test_a_token_names_its_data_plane() -> None:
    assert dataplane_of(token("01JABC.x_y-z")) == "01JABC.x_y-z"


@pytest.mark.parametrize(
    "kid", [None, "", "dp-1", "instance-", "Instance-dp-1", "instance-a b", "instance-../x", "instance-" + "x" * 129]
)
def test_another_kid_names_no_data_plane(kid: str | None) -> None:
    headers = {} if kid is None else {"kid": kid}
    assert dataplane_of(jwt.encode({}, KEY, algorithm="EdDSA", headers=headers)) is None


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "ak-" + "x" * 43, "\ud800", "é.é.é", "..", "x" * 5000])
def test_what_is_no_token_names_no_data_plane(text: str) -> None:
    assert dataplane_of(text) is None


def test_an_oversized_token_is_not_even_parsed() -> None:
    huge = jwt.encode({"x": "x" * 4096}, KEY, algorithm="EdDSA", headers={"kid": "instance-dp-1"})
    assert dataplane_of(huge) is None


@pytest.mark.parametrize("dataplane_id", ["", "a b", "x" * 129, "a\n"])
def test_a_data_plane_id_that_cannot_stand_in_a_kid_is_refused(dataplane_id: str) -> None:
    with pytest.raises(ValueError, match="data plane's id"):
        token(dataplane_id)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        token(now=NOW.replace(tzinfo=None))
