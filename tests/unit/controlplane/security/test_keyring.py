"""A master key is found, made once, guarded, and never shown."""

import base64
import os
import secrets
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.security.keyring import (
    KeyRing,
    MasterKey,
    MasterKeyError,
    UnknownMasterKey,
    load,
    load_former,
    load_or_create,
    parse_master_key,
)

MATERIAL = b"canary--canary--canary--canary--"
TEXT = base64.b64encode(MATERIAL).decode()


def written(path: Path, content: str, mode: int = 0o600) -> Path:
    path.write_text(content)
    path.chmod(mode)
    return path


@given(material=st.binary(min_size=32, max_size=32))
def test_every_spelling_of_a_key_is_read(material: bytes) -> None:
    standard, url_safe = base64.b64encode(material).decode(), base64.urlsafe_b64encode(material).decode()
    for text in (standard, url_safe, standard.rstrip("="), material.hex(), material.hex().upper(), f" {standard}\n"):
        assert parse_master_key(text) == MasterKey(material)


@pytest.mark.parametrize(
    "text", ["", "canary", TEXT + TEXT, TEXT[:-4], MATERIAL.hex()[:-2], MATERIAL.hex() + "00", "é" * 44, "ca na ry" * 6]
)
def test_a_malformed_key_is_refused_with_the_way_out_and_without_the_key(text: str) -> None:
    with pytest.raises(MasterKeyError, match="32 random bytes in base64 or hex") as refused:
        parse_master_key(text)

    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_master_key_has_32_bytes(length: int) -> None:
    with pytest.raises(MasterKeyError, match=f"not {length}"):
        MasterKey(bytes(length))


def test_a_fingerprint_is_16_hex_characters_and_differs_by_key() -> None:
    first, second = MasterKey(MATERIAL).fingerprint, MasterKey(bytes(32)).fingerprint

    assert len(bytes.fromhex(first)) == 8
    assert first != second
    assert first not in MATERIAL.hex()


def test_keys_for_different_purposes_differ() -> None:
    key = MasterKey(MATERIAL)

    assert len({MATERIAL, key.derive("a"), key.derive("b"), MasterKey(bytes(32)).derive("a")}) == 4
    assert key.derive("a") == key.derive("a")


def test_nothing_shows_a_key() -> None:
    key = MasterKey(MATERIAL)
    for shown in (repr(key), str(key), repr(KeyRing(key)), repr([key])):
        assert key.fingerprint in shown
        assert "canary" not in shown


def test_the_ring_finds_the_primary_and_former_keys() -> None:
    primary, former = MasterKey(MATERIAL), MasterKey(bytes(32))
    ring = KeyRing(primary, [former, primary])

    assert ring.members() == (primary, former)
    assert ring.find(former.fingerprint) == former


def test_a_key_that_the_ring_lacks_is_named_beside_those_it_holds() -> None:
    primary, absent = MasterKey(MATERIAL), MasterKey(bytes(32))

    with pytest.raises(UnknownMasterKey) as refused:
        KeyRing(primary).find(absent.fingerprint)

    assert refused.value.fingerprint == absent.fingerprint
    assert absent.fingerprint in str(refused.value)
    assert primary.fingerprint in str(refused.value)


def test_a_key_is_loaded_from_a_value_or_a_file(tmp_path: Path) -> None:
    file = written(tmp_path / "master.key", MATERIAL.hex() + "\n", 0o400)

    assert load(value=TEXT) == load(file=file) == MasterKey(MATERIAL)


def test_a_value_and_a_file_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match="both as a value and as a file"):
        load(value=TEXT, file=tmp_path / "master.key")


def test_no_key_at_all_is_refused() -> None:
    with pytest.raises(MasterKeyError, match="no master key is given"):
        load(value="", file=None)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620, 0o601])
def test_a_file_that_others_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    file = written(tmp_path / "master.key", TEXT, mode)

    with pytest.raises(MasterKeyError, match=f"mode {mode:04o}.*chmod 600"):
        load_or_create(file, secrets.token_bytes)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match=r"absent\.key: No such file"):
        load(file=tmp_path / "absent.key")


def test_a_malformed_file_is_named_and_not_replaced(tmp_path: Path) -> None:
    file = written(tmp_path / "master.key", "")

    with pytest.raises(MasterKeyError, match=r"master.key: a master key is"):
        load_or_create(file, secrets.token_bytes)
    assert file.read_bytes() == b""


def test_a_binary_file_is_refused_without_its_content(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    file.write_bytes(MATERIAL)
    file.chmod(0o600)

    with pytest.raises(MasterKeyError) as refused:
        load(file=file)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_regular_file_is_refused(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    make(tmp_path / "master.key")

    with pytest.raises(MasterKeyError, match=r"regular file|Is a directory"):
        load_or_create(tmp_path / "master.key", secrets.token_bytes)


def test_a_dangling_link_is_reported_and_not_filled(tmp_path: Path) -> None:
    link = tmp_path / "master.key"
    link.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(MasterKeyError, match="No such file"):
        load_or_create(link, secrets.token_bytes)
    assert not (tmp_path / "elsewhere").exists()


def test_an_absent_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "master.key"

    made = load_or_create(file, secrets.token_bytes)

    assert load_or_create(file, secrets.token_bytes) == made
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["master.key"]


def test_a_key_is_made_with_mode_0600_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load_or_create(tmp_path / "master.key", secrets.token_bytes)
    finally:
        os.umask(before)
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600


def test_whoever_is_faster_makes_the_key_and_all_get_that_one(tmp_path: Path) -> None:
    file, faster = tmp_path / "master.key", MasterKey(MATERIAL)

    def random_that_loses_the_race(count: int) -> bytes:
        if not file.exists():
            written(file, TEXT)
        return secrets.token_bytes(count)

    assert load_or_create(file, random_that_loses_the_race) == faster
    assert os.listdir(tmp_path) == ["master.key"]


def test_many_at_once_get_one_key(tmp_path: Path) -> None:
    barrier, got = threading.Barrier(8), set()

    def start() -> None:
        barrier.wait()
        got.add(load_or_create(tmp_path / "master.key", secrets.token_bytes).fingerprint)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(got) == 1


def test_a_folder_that_does_not_exist_is_an_error_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match="cannot make the master key file"):
        load_or_create(tmp_path / "absent" / "master.key", secrets.token_bytes)


def test_former_keys_are_read_from_a_value_or_a_guarded_file_apart_by_commas_or_lines(tmp_path: Path) -> None:
    file = tmp_path / "former"
    file.write_text(f"{base64.b64encode(b'1' * 32).decode()}\n\n{(b'2' * 32).hex()}\n")
    file.chmod(0o600)
    expected = [MasterKey(b"1" * 32), MasterKey(b"2" * 32)]

    assert load_former(file=file) == expected
    assert load_former(value=f"{(b'1' * 32).hex()}, {(b'2' * 32).hex()}") == expected
    assert load_former() == []


def test_former_keys_that_are_malformed_or_open_to_others_are_refused_without_being_shown(tmp_path: Path) -> None:
    file = tmp_path / "former"
    file.write_text((b"1" * 32).hex())
    file.chmod(0o644)

    with pytest.raises(MasterKeyError, match="open to others"):
        load_former(file=file)
    with pytest.raises(MasterKeyError) as refused:
        load_former(value="canary-that-is-no-key")
    assert "canary" not in str(refused.value)
