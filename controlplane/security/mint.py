"""Everything that makes a token or a key, as the one object that bootstrap hands to the use cases."""

from __future__ import annotations

from collections.abc import Sequence

from controlplane.domain.keys import ConsumerKey
from controlplane.security import consumer_keys, tokens
from controlplane.services.ports import NewGatekeeperKey, NewSecret, Random


class Mint:
    """Makes tokens and keys out of the given randomness; keeps none of them.

    `ca_fingerprint`: sha256 (64 lower-case hex) of the control plane's CA, which join tokens then carry.
    """

    def __init__(self, random: Random, *, ca_fingerprint: str | None = None) -> None:
        self._random = random
        self._ca_fingerprint = ca_fingerprint

    def management_key(self) -> NewSecret:
        """`ak-…`."""
        return tokens.new_management_key(self._random.bytes)

    def join_token(self) -> NewSecret:
        """`jt-…`."""
        return tokens.new_join_token(self._random.bytes, ca_fingerprint=self._ca_fingerprint)

    def hash(self, token: str) -> str:
        """What a management key or join token is looked up by."""
        return tokens.hash_token(token)

    def gatekeeper_key(self) -> NewGatekeeperKey:
        """A key pair that signs a workspace's consumer keys; seal the private half at once."""
        return consumer_keys.new_gatekeeper_key(self._random.bytes)

    def jwks(self, public_jwks: Sequence[bytes]) -> bytes:
        """The value `gatekeeper_keys`: canonical JSON, whatever the order."""
        return consumer_keys.jwks(public_jwks)

    def consumer_key(self, record: ConsumerKey, kid: str, private: bytes) -> str:
        """`sk-…` as the record says, in whole seconds, never longer. Raises ValueError for a life under a second."""
        return consumer_keys.issue_consumer_key(
            private,
            kid,
            workspace_id=record.workspace_id,
            consumer_id=record.consumer_id,
            jti=record.jti,
            now=record.created_at,
            lifetime=record.expires_at - record.created_at,
        )
