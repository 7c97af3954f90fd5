"""Credentials of every kind as consumers give them; none of them opens anything."""

from __future__ import annotations

import functools
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

OAUTH_CLIENT: Final = {
    "token_url": "https://idp.example/token",
    "client_id": "client-of-ada",
    "client_secret": "canary-of-oauth-secret-42",
}
AWS_KEYS: Final = {
    "access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "secret_access_key": "canary/of/aws/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "region": "us-east-1",
}


@functools.cache
def rsa_key() -> rsa.RSAPrivateKey:
    """One for the whole run: making one takes a moment."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_file(**changes: Any) -> dict[str, Any]:
    """A service account's key file."""
    pem = rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    usual = {
        "type": "service_account",
        "project_id": "project-of-ada",
        "private_key_id": "0123456789abcdef0123456",
        "private_key": pem,
        "client_email": "ada@project-of-ada.iam.example",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return {**usual, **changes}
