"""Opaque tokens have a shape, are kept by hash, and are shown by four characters."""

import hashlib
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.join_tokens import ca_fingerprint_of, looks_like_join_token
from controlplane.security.tokens import (
    hash_token,
    last_four,
    looks_like_management_key,
    new_join_token,
    new_management_key,
    token_matches,
)

CA = "0123456789abcdef" * 4


@given(material=st.binary(min_size=32, max_size=32))
def test_every_new_token_has_its_shape(material: bytes) -> None:
    key, join = new_management_key(lambda _: material), new_join_token(lambda _: material, ca_fingerprint=CA)

    assert looks_like_management_key(key.plaintext)
    assert not looks_like_management_key(join.plaintext)
    assert looks_like_join_token(join.plaintext)
    assert ca_fingerprint_of(join.plaintext) == CA


def test_a_join_token_without_a_ca_carries_none() -> None:
    assert ca_fingerprint_of(new_join_token(secrets.token_bytes).plaintext) is None


def test_a_token_carries_all_the_randomness_it_was_given() -> None:
    assert new_management_key(bytes).plaintext == "ak-" + "A" * 43
    assert new_management_key(lambda n: bytes(n - 1) + b"\x01").plaintext == "ak-" + "A" * 42 + "E"


def test_short_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes where 32"):
        new_management_key(lambda _: bytes(16))


@pytest.mark.parametrize("fingerprint", ["", CA[1:], CA.upper(), "sha256:" + CA])
def test_another_spelling_of_a_fingerprint_is_refused(fingerprint: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case hex"):
        new_join_token(secrets.token_bytes, ca_fingerprint=fingerprint)


def test_the_hash_is_the_sha256_of_the_whole_token() -> None:
    token = new_join_token(secrets.token_bytes, ca_fingerprint=CA)

    assert token.hash == hash_token(token.plaintext) == hashlib.sha256(token.plaintext.encode()).hexdigest()


def test_a_token_matches_its_own_hash_only() -> None:
    first, second = (new_management_key(secrets.token_bytes) for _ in range(2))

    assert token_matches(first.plaintext, first.hash)
    assert not token_matches(second.plaintext, first.hash)
    assert not token_matches(first.plaintext + " ", first.hash)
    assert not token_matches("\ud800", first.hash)


@pytest.mark.parametrize(
    "text", ["", "ak-", "ak-…", "ak-" + "A" * 42, "ak-" + "A" * 44, "ak-" + "A" * 43 + "\n", "AK-" + "A" * 43, "a.b.c"]
)
def test_another_shape_is_no_management_key(text: str) -> None:
    assert not looks_like_management_key(text)


def test_four_characters_of_the_secret_part_are_shown() -> None:
    join = new_join_token(lambda n: bytes(n - 1) + b"\x01", ca_fingerprint=CA)

    assert last_four(join.plaintext) == "…AAAE"
    assert last_four("sk-proj.1234567890abcdWXYZ") == "…WXYZ"
    assert last_four("too-short") == "…"


def test_a_new_token_shows_no_more_than_its_last_four() -> None:
    token = new_management_key(secrets.token_bytes)

    for shown in (repr(token), str(token), f"{token}", repr([token])):
        assert token.plaintext[:-4] not in shown
        assert token.hash not in shown
