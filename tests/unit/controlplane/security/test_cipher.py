"""What is sealed at rest opens for its owner, under its key, unaltered; else it says why not."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.errors import StateConflict
from controlplane.security.cipher import CannotOpen, Cipher
from controlplane.security.keyring import KeyRing, MasterKey, UnknownMasterKey
from controlplane.services.ports import Vault

FORMER, CURRENT = MasterKey(b"canary--canary--canary--canary--"), MasterKey(b"current-current-current-current-")
BEFORE = Cipher(KeyRing(FORMER), secrets.token_bytes)
AFTER = Cipher(KeyRing(CURRENT, [FORMER]), secrets.token_bytes)
FOREIGN = Cipher(KeyRing(CURRENT), secrets.token_bytes)


@given(plaintext=st.binary(max_size=500), aad=st.binary(max_size=100))
def test_any_value_comes_back_as_it_was(plaintext: bytes, aad: bytes) -> None:
    assert BEFORE.open_(BEFORE.seal(plaintext, aad), aad) == plaintext


def test_a_seal_shows_nothing_and_never_repeats() -> None:
    first, second = BEFORE.seal(b"canary", b"aad"), BEFORE.seal(b"canary", b"aad")

    assert first[9:49] != second[9:49]
    assert first[49:] != second[49:]
    assert b"canary" not in first
    assert len(first) == len(b"canary") + 77


def test_a_blob_names_its_format_and_master_key() -> None:
    assert BEFORE.seal(b"", b"")[:9] == b"\x01" + bytes.fromhex(FORMER.fingerprint)


def test_a_value_sealed_before_a_rotation_still_opens_and_new_ones_take_the_new_key() -> None:
    old = BEFORE.seal(b"value", b"aad")

    assert AFTER.open_(old, b"aad") == b"value"
    assert FOREIGN.open_(AFTER.seal(b"value", b"aad"), b"aad") == b"value"


def test_a_wrong_master_key_is_named() -> None:
    with pytest.raises(UnknownMasterKey) as refused:
        FOREIGN.open_(BEFORE.seal(b"canary", b"aad"), b"aad")

    assert refused.value.fingerprint == FORMER.fingerprint


@pytest.mark.parametrize("aad", [b"", b"aa", b"aad2"])
def test_a_value_does_not_open_for_another_owner(aad: bytes) -> None:
    with pytest.raises(CannotOpen, match="not the one of this owner"):
        BEFORE.open_(BEFORE.seal(b"value", b"aad"), aad)


@pytest.mark.parametrize("place", [0, 9, 48, 49, 60, 61, -1])
def test_an_altered_value_does_not_open(place: int) -> None:
    blob = bytearray(BEFORE.seal(b"value", b"aad"))
    blob[place] ^= 1

    with pytest.raises(CannotOpen):
        BEFORE.open_(bytes(blob), b"aad")


def test_a_blob_relabelled_to_another_key_of_the_ring_does_not_open() -> None:
    blob = AFTER.seal(b"value", b"aad")

    with pytest.raises(CannotOpen):
        AFTER.open_(blob[:1] + bytes.fromhex(FORMER.fingerprint) + blob[9:], b"aad")


@pytest.mark.parametrize("length", [0, 1, 9, 76])
def test_a_truncated_value_does_not_open(length: int) -> None:
    with pytest.raises(CannotOpen, match="truncated"):
        BEFORE.open_(BEFORE.seal(b"", b"")[:length], b"")


def test_the_ciphertext_of_one_value_does_not_open_under_the_data_key_of_another() -> None:
    one, other = BEFORE.seal(b"one", b"aad"), BEFORE.seal(b"two", b"aad")

    with pytest.raises(CannotOpen):
        BEFORE.open_(one[:49] + other[49:], b"aad")


def test_a_mac_recognises_its_value_for_its_purpose_only() -> None:
    mac = BEFORE.mac(b"value", "secret/ws-1")

    assert len(mac) == 32
    assert BEFORE.mac(b"value", "secret/ws-1") == mac
    assert BEFORE.mac(b"other", "secret/ws-1") != mac
    assert BEFORE.mac(b"value", "secret/ws-2") != mac
    assert FOREIGN.mac(b"value", "secret/ws-1") != mac


def test_a_mac_from_before_a_rotation_is_recognised_until_its_key_leaves_the_ring() -> None:
    mac = BEFORE.mac(b"value", "purpose")
    newest = Cipher(KeyRing(MasterKey(bytes(32)), [CURRENT, FORMER]), secrets.token_bytes)

    assert BEFORE.former_macs(b"value", "purpose") == ()
    assert AFTER.former_macs(b"value", "purpose") == (mac,)
    assert newest.former_macs(b"value", "purpose") == (AFTER.mac(b"value", "purpose"), mac)
    assert FOREIGN.mac(b"value", "purpose") != mac


def test_a_rewrapped_value_needs_only_the_primary_key_and_is_the_same_value() -> None:
    sealed = BEFORE.seal(b"value", b"aad")
    alone = Cipher(KeyRing(CURRENT), secrets.token_bytes)

    rewrapped = AFTER.rewrap(sealed)

    assert (AFTER.is_current(sealed), AFTER.is_current(rewrapped)) == (False, True)
    assert alone.open_(rewrapped, b"aad") == AFTER.open_(rewrapped, b"aad") == b"value"
    assert AFTER.open_(AFTER.rewrap(rewrapped), b"aad") == b"value"
    with pytest.raises(CannotOpen):
        alone.open_(rewrapped, b"other")


def test_what_is_under_a_key_that_the_ring_lacks_is_not_rewrapped_and_the_key_is_named() -> None:
    with pytest.raises(StateConflict) as refused:
        FOREIGN.rewrap(BEFORE.seal(b"value", b"aad"))

    assert BEFORE.primary in refused.value.message
    for broken in (b"", b"\x01" + bytes(200), BEFORE.seal(b"value", b"aad")[:60]):
        with pytest.raises((CannotOpen, StateConflict)):
            BEFORE.rewrap(broken)


def test_a_cipher_is_a_vault() -> None:
    vault: Vault = BEFORE

    assert vault.open_(vault.seal(b"value", b"aad"), b"aad") == b"value"


def test_nothing_shows_a_secret() -> None:
    blob = BEFORE.seal(b"canary", b"aad")
    with pytest.raises(CannotOpen) as refused:
        BEFORE.open_(blob, b"other")

    assert refused.value.__cause__ is None
    for shown in (repr(BEFORE), str(BEFORE), repr(refused.value)):
        assert "canary" not in shown
