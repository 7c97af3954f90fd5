"""The mint hands its own randomness to every maker and follows the record."""

from datetime import UTC, datetime, timedelta

import jwt

from contract.join_tokens import ca_fingerprint_of
from controlplane.domain.keys import ConsumerKey
from controlplane.security import mint
from controlplane.security.tokens import looks_like_management_key
from controlplane.services.ports import Mint

NOW = datetime(2026, 3, 1, 12, 0, 0, 999_000, tzinfo=UTC)


class Counting:
    """Randomness that never repeats and can be foretold."""

    def __init__(self) -> None:
        self.drawn = 0

    def bytes(self, count: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(count, "big")


def new_mint(ca_fingerprint: str | None = None) -> Mint:
    return mint.Mint(Counting(), ca_fingerprint=ca_fingerprint)


def test_management_keys_differ_and_are_found_by_hash() -> None:
    minting = new_mint()

    first, second = minting.management_key(), minting.management_key()

    assert looks_like_management_key(first.plaintext)
    assert (minting.hash(first.plaintext), minting.hash(second.plaintext)) == (first.hash, second.hash)
    assert first.hash != second.hash
    assert first.last_four == f"…{first.plaintext[-4:]}"


def test_join_tokens_carry_the_ca_that_the_mint_was_given() -> None:
    assert ca_fingerprint_of(new_mint().join_token().plaintext) is None
    assert ca_fingerprint_of(new_mint("ab" * 32).join_token().plaintext) == "ab" * 32


def test_a_consumer_key_follows_its_record_and_verifies_with_the_mints_own_key_set() -> None:
    minting = new_mint()
    gatekeeper = minting.gatekeeper_key()
    record = ConsumerKey("j-1", "ws-1", "alice", "laptop", created_at=NOW, expires_at=NOW + timedelta(days=2))

    key = minting.consumer_key(record, gatekeeper.kid, gatekeeper.private)

    published = jwt.PyJWKSet.from_json(minting.jwks([gatekeeper.public_jwk]).decode()).keys
    claims = jwt.decode(
        key.removeprefix("sk-"),
        published[0],
        algorithms=["EdDSA"],
        audience="ws-1",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (claims["jti"], claims["sub"]) == ("j-1", "alice")
    assert record.expires_at - timedelta(seconds=1) < datetime.fromtimestamp(claims["exp"], UTC) <= record.expires_at
