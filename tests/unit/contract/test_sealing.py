"""What is sealed for one data plane, workspace, reference and origin opens there and nowhere else."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contract.sealing import (
    DeliveryKey,
    SealError,
    decrypt_secret,
    delivery_context,
    encrypt_secret,
    open_delivery_key,
    seal_delivery_key,
)

PRIVATE = bytes(range(32))
PUBLIC = X25519PrivateKey.from_private_bytes(PRIVATE).public_key().public_bytes_raw()
CONTEXT = delivery_context("ws-1", "dp-1")
KEY = DeliveryKey(id="dk-1", key=b"canary--canary--canary--canary--")
OTHER_KEY = DeliveryKey(id="dk-1", key=b"another-another-another-another-")
NONCE = b"twelve bytes"
PLACE = {"workspace_id": "ws-1", "ref": "secret://openai@3", "origin": "https://api.example.com:443"}


def encrypted(plaintext: bytes = b"canary") -> bytes:
    return encrypt_secret(KEY, **PLACE, plaintext=plaintext, nonce=NONCE)


@given(key=st.binary(min_size=32, max_size=32), key_id=st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True))
def test_any_delivery_key_comes_back_as_it_was(key: bytes, key_id: str) -> None:
    sealed = seal_delivery_key(DeliveryKey(key_id, key), PUBLIC, CONTEXT)

    assert open_delivery_key(sealed, PRIVATE, CONTEXT) == DeliveryKey(key_id, key)


def test_two_seals_of_one_key_differ_and_neither_shows_it() -> None:
    first, second = (seal_delivery_key(KEY, PUBLIC, CONTEXT) for _ in range(2))

    assert first != second
    assert b"canary" not in first


@pytest.mark.parametrize(
    "context",
    [delivery_context("ws-2", "dp-1"), delivery_context("ws-1", "dp-2"), delivery_context("ws-1d", "p-1"), b""],
)
def test_a_delivery_key_does_not_open_in_another_context(context: bytes) -> None:
    sealed = seal_delivery_key(KEY, PUBLIC, CONTEXT)

    with pytest.raises(SealError, match="another data plane or workspace"):
        open_delivery_key(sealed, PRIVATE, context)


def test_a_delivery_key_does_not_open_for_another_data_plane() -> None:
    sealed = seal_delivery_key(KEY, PUBLIC, CONTEXT)

    with pytest.raises(SealError):
        open_delivery_key(sealed, bytes(reversed(PRIVATE)), CONTEXT)


@pytest.mark.parametrize("place", [0, 1, 32, 33, 60, -1])
def test_an_altered_delivery_key_does_not_open(place: int) -> None:
    sealed = bytearray(seal_delivery_key(KEY, PUBLIC, CONTEXT))
    sealed[place] ^= 1

    with pytest.raises(SealError):
        open_delivery_key(bytes(sealed), PRIVATE, CONTEXT)


@pytest.mark.parametrize("length", [0, 1, 2, 33, 60])
def test_a_truncated_delivery_key_does_not_open(length: int) -> None:
    with pytest.raises(SealError):
        open_delivery_key(seal_delivery_key(KEY, PUBLIC, CONTEXT)[:length], PRIVATE, CONTEXT)


@pytest.mark.parametrize("public", [b"", PUBLIC[:31], PUBLIC + b"\0", bytes(32), b"\x01" + bytes(31)])
def test_nothing_is_sealed_to_a_key_that_nobody_holds(public: bytes) -> None:
    with pytest.raises(SealError, match="X25519 public key"):
        seal_delivery_key(KEY, public, CONTEXT)


def test_a_private_key_of_another_length_is_named() -> None:
    with pytest.raises(SealError, match="has 32 bytes, not 31"):
        open_delivery_key(seal_delivery_key(KEY, PUBLIC, CONTEXT), PRIVATE[:31], CONTEXT)


@pytest.mark.parametrize(("key_id", "key"), [("", bytes(32)), ("a/b", bytes(32)), ("x" * 65, bytes(32)), ("dk", b"")])
def test_a_malformed_delivery_key_is_refused(key_id: str, key: bytes) -> None:
    with pytest.raises(SealError):
        DeliveryKey(key_id, key)


@given(
    plaintext=st.binary(max_size=300),
    place=st.fixed_dictionaries({name: st.text(max_size=40) for name in PLACE}),
    nonce=st.binary(min_size=12, max_size=12),
)
def test_any_secret_comes_back_as_it_was(plaintext: bytes, place: dict[str, str], nonce: bytes) -> None:
    ciphertext = encrypt_secret(KEY, **place, plaintext=plaintext, nonce=nonce)

    assert decrypt_secret(KEY, **place, ciphertext=ciphertext) == plaintext


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"workspace_id": "ws-2"},
        {"ref": "secret://openai@4"},
        {"ref": "secret://other@3"},
        {"origin": "https://evil.example:443"},
        {"origin": "http://api.example.com:443"},
        {"workspace_id": "ws-1s", "ref": "ecret://openai@3"},
    ],
)
def test_a_secret_does_not_open_elsewhere(elsewhere: dict[str, str]) -> None:
    with pytest.raises(SealError, match="does not open"):
        decrypt_secret(KEY, **(PLACE | elsewhere), ciphertext=encrypted())


def test_a_secret_does_not_open_under_another_key_of_the_same_id() -> None:
    with pytest.raises(SealError):
        decrypt_secret(OTHER_KEY, **PLACE, ciphertext=encrypted())


@pytest.mark.parametrize("place", [0, 1, 12, 13, 18, 19, -1])
def test_an_altered_secret_does_not_open(place: int) -> None:
    ciphertext = bytearray(encrypted())
    ciphertext[place] ^= 1

    with pytest.raises(SealError):
        decrypt_secret(KEY, **PLACE, ciphertext=bytes(ciphertext))


@pytest.mark.parametrize("length", [0, 1, 12, 13, 28])
def test_a_truncated_secret_does_not_open(length: int) -> None:
    with pytest.raises(SealError):
        decrypt_secret(KEY, **PLACE, ciphertext=encrypted()[:length])


@pytest.mark.parametrize("nonce", [b"", b"eleven byte", b"thirteen byte"])
def test_a_nonce_has_twelve_bytes(nonce: bytes) -> None:
    with pytest.raises(SealError, match="nonce has 12 bytes"):
        encrypt_secret(KEY, **PLACE, plaintext=b"", nonce=nonce)


def test_no_text_shows_a_key_or_a_secret() -> None:
    with pytest.raises(SealError) as refused:
        decrypt_secret(OTHER_KEY, **PLACE, ciphertext=encrypted()[:-1])

    assert refused.value.__cause__ is None
    for shown in (repr(KEY), str(KEY), f"{KEY}", repr(refused.value), encrypted().decode("latin-1")):
        assert "canary" not in shown
