"""Credentials that are more than a key: what is taken, what is refused by its field, and that nothing quotes them."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from contract.own_credentials import CredentialError, parse_credential, read_sealed, sealed_text, token_host
from tests.fakes.credentials import AWS_KEYS, OAUTH_CLIENT, key_file, rsa_key

GIVEN: Mapping[str, Mapping[str, Any]] = {
    "oauth": {**OAUTH_CLIENT, "scopes": ["a", "b"]},
    "aws": AWS_KEYS,
    "gcp": {"key_file": json.dumps(key_file())},
}


def faults(kind: str, given: Mapping[str, Any]) -> dict[str, str]:
    with pytest.raises(CredentialError) as refused:
        parse_credential(kind, given)
    assert not [value for value in _secrets(GIVEN[kind]) if value in str(refused.value)]
    return {one.field: one.code for one in refused.value.faults}


def _secrets(given: Mapping[str, Any]) -> list[str]:
    return [value for name, value in given.items() if name in ("client_secret", "secret_access_key", "key_file")]


@pytest.mark.parametrize("kind", GIVEN)
def test_what_is_sealed_is_read_again_and_shown_by_nobody(kind: str) -> None:
    credential = parse_credential(kind, GIVEN[kind])

    assert read_sealed(kind, sealed_text(credential)) == credential
    assert not [value for value in _secrets({**GIVEN[kind], **key_file()}) if value in repr(credential)]


@pytest.mark.parametrize(
    ("kind", "host", "known_by"),
    [("oauth", "idp.example", "t-42"), ("gcp", "oauth2.googleapis.com", "3456"), ("aws", "", "MPLE")],
)
def test_a_credential_says_where_its_tokens_come_from_and_what_it_is_known_by(
    kind: str, host: str, known_by: str
) -> None:
    credential = parse_credential(kind, GIVEN[kind])

    assert (token_host(credential), credential.told_by[-4:]) == (host, known_by)


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("oauth", {"client_id": "", "client_secret": ""}, {"client_id": "required", "client_secret": "required"}),
        ("oauth", {"client_secret": "with\nline"}, {"client_secret": "secret"}),
        ("oauth", {"token_url": "http://idp.example/token"}, {"token_url": "address"}),
        ("oauth", {"token_url": "https://u:p@idp.example/"}, {"token_url": "address"}),
        ("oauth", {"scopes": ["two words"]}, {"scopes": "value"}),
        ("oauth", {"scopes": ["s"] * 101}, {"scopes": "value"}),
        ("aws", {"region": "", "access_key_id": "short"}, {"region": "required", "access_key_id": "secret"}),
        ("aws", {"secret_access_key": "what is this, a sentence"}, {"secret_access_key": "secret"}),
        ("aws", {"session_token": "\r\nx: y"}, {"session_token": "secret"}),
        ("aws", {"access_key_id": "ASIAIOSFODNN7EXAMPLE"}, {"session_token": "required"}),
        ("gcp", {"key_file": "{"}, {"key_file": "secret"}),
        ("gcp", {"key_file": json.dumps({"type": "authorized_user"})}, {"key_file": "secret"}),
        ("gcp", {"key_file": json.dumps(key_file(token_uri="http://evil.example/"))}, {"key_file": "address"}),
        ("gcp", {"key_file": json.dumps(key_file(client_email=""))}, {"key_file": "required"}),
        ("gcp", {"key_file": json.dumps(key_file(private_key="-----BEGIN"))}, {"key_file": "secret"}),
    ],
)
def test_what_is_wrong_is_named_by_its_field(kind: str, changes: dict[str, Any], expected: dict[str, str]) -> None:
    assert faults(kind, {**GIVEN[kind], **changes}) == expected


def test_a_service_accounts_key_is_an_rsa_key() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    assert faults("gcp", {"key_file": json.dumps(key_file(private_key=pem))}) == {"key_file": "secret"}


@pytest.mark.parametrize("exponents", [(2203, 2281), (1279, 2203)], ids=["itself", "one of its primes"])
def test_a_key_that_whoever_signs_would_check_for_too_long_is_refused(exponents: tuple[int, int]) -> None:
    p, q = (2**each - 1 for each in exponents)

    assert _problem_of(p, q, modulus=p * q) == "key_file has a private_key that is no RSA key of 2048 to 4096 bits"


def test_a_key_whose_primes_are_not_its_own_is_refused() -> None:
    size, modulus = rsa_key().key_size // 8, rsa_key().private_numbers().public_numbers.n
    der = rsa_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    other = der.replace(modulus.to_bytes(size, "big"), (modulus ^ 2).to_bytes(size, "big"))
    label = "PRIVATE KEY"
    pem = f"-----BEGIN {label}-----\n{b64encode(other).decode()}\n-----END {label}-----\n"

    assert faults("gcp", {"key_file": json.dumps(key_file(private_key=pem))}) == {"key_file": "secret"}


def _problem_of(p: int, q: int, modulus: int) -> str:
    exponent = pow(65537, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, modulus)
    numbers = rsa.RSAPrivateNumbers(p, q, exponent, exponent % (p - 1), exponent % (q - 1), pow(q, -1, p), public)
    key = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(CredentialError) as refused:
        parse_credential("gcp", {"key_file": json.dumps(key_file(private_key=pem))})
    return str(refused.value)


def test_a_token_endpoint_on_this_machine_needs_no_certificate() -> None:
    credential = parse_credential("oauth", {**OAUTH_CLIENT, "token_url": "http://127.0.0.1:9/token"})

    assert token_host(credential) == "127.0.0.1"


@pytest.mark.parametrize("text", ["", "[]", "sk-a-key", '{"token_url": 1, "client": 2}'])
def test_what_no_release_has_sealed_is_not_read(text: str) -> None:
    with pytest.raises(CredentialError, match="save it again"):
        read_sealed("oauth", text)
