"""The master keys of the control plane: where they come from, what they are called, which of them is in use."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import os
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_KEY_BYTES: Final = 32

_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")
_LOOSE_MODE: Final = 0o077
_MAX_FILE_BYTES: Final = 4096


class MasterKeyError(Exception):
    """A master key is missing, malformed or badly guarded. The text never holds key material."""


class UnknownMasterKey(MasterKeyError):
    """Something is sealed under a master key that this process was not given."""

    def __init__(self, fingerprint: str, known: Iterable[str]) -> None:
        self.fingerprint = fingerprint
        super().__init__(
            f"sealed under master key {fingerprint}, which is not in the key ring (it holds {', '.join(known)}); "
            "give that key, as the primary or as a former one"
        )


@dataclass(frozen=True, slots=True)
class MasterKey:
    """32 secret bytes, never used directly: every purpose has a key derived from them. Raises MasterKeyError."""

    material: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.material) != MASTER_KEY_BYTES:
            raise MasterKeyError(f"a master key has {MASTER_KEY_BYTES} bytes, not {len(self.material)}")

    def __repr__(self) -> str:
        return f"MasterKey(fingerprint={self.fingerprint!r})"

    @property
    def fingerprint(self) -> str:
        """16 hex characters to name the key by in logs, errors and stored blobs; tells nothing of the key."""
        return hmac.digest(self.material, b"agentrouter/master-key/fingerprint", "sha256").hex()[:16]

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose; those of different purposes are independent."""
        return HKDF(SHA256(), MASTER_KEY_BYTES, salt=None, info=f"agentrouter/{purpose}".encode()).derive(self.material)


class KeyRing:
    """The primary master key, which seals, with former ones, which only open."""

    def __init__(self, primary: MasterKey, others: Iterable[MasterKey] = ()) -> None:
        self.primary = primary
        self._by_fingerprint = {key.fingerprint: key for key in (primary, *others)}

    def __repr__(self) -> str:
        return f"KeyRing(primary={self.primary.fingerprint!r}, known={list(self._by_fingerprint)!r})"

    def members(self) -> tuple[MasterKey, ...]:
        """All of them, the primary first."""
        return tuple(self._by_fingerprint.values())

    def find(self, fingerprint: str) -> MasterKey:
        """Raises UnknownMasterKey."""
        try:
            return self._by_fingerprint[fingerprint]
        except KeyError:
            raise UnknownMasterKey(fingerprint, self._by_fingerprint) from None


def parse_master_key(text: str) -> MasterKey:
    """From 64 hex characters or the base64 of 32 bytes (either alphabet, padded or not). Raises MasterKeyError."""
    text = text.strip()
    if _HEX.fullmatch(text):
        return MasterKey(bytes.fromhex(text))
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        material = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        material = b""
    if len(material) != MASTER_KEY_BYTES:
        raise MasterKeyError(
            f"a master key is {MASTER_KEY_BYTES} random bytes in base64 or hex; make one with: openssl rand -base64 32"
        )
    return MasterKey(material)


def load(*, value: str | None = None, file: Path | None = None) -> MasterKey:
    """The master key from a setting's value or from a file (mode 0600 or 0400); exactly one. Raises MasterKeyError."""
    if value and file:
        raise MasterKeyError("the master key is given both as a value and as a file; leave one out")
    if file:
        return _read(file)
    if value:
        return parse_master_key(value)
    raise MasterKeyError("no master key is given; set its value or the file that holds it")


def load_former(*, value: str | None = None, file: Path | None = None) -> list[MasterKey]:
    """Former master keys, apart by commas or white space, from a setting's value or a guarded file; none when neither.

    Raises MasterKeyError.
    """
    text = _guarded_text(file) if file else value or ""
    return [parse_master_key(part) for part in text.replace(",", " ").split()]


def load_or_create(path: Path, random: Callable[[int], bytes]) -> MasterKey:
    """The master key at `path`, made there from `random` (mode 0600) if absent.

    Several processes may race: all get the same key, and no reader ever sees half of one. Raises MasterKeyError.
    """
    with contextlib.suppress(FileNotFoundError):
        os.lstat(path)  # a dangling link counts as present: reading it then says so
        return _read(path)
    try:
        _create(path, MasterKey(random(MASTER_KEY_BYTES)), suffix=random(8).hex())
    except OSError as error:
        raise MasterKeyError(f"cannot make the master key file {path}: {error.strerror}") from None
    return _read(path)


def _create(path: Path, key: MasterKey, suffix: str) -> None:
    """Written whole and synced beside the target, then linked into place, which fails if somebody was faster."""
    draft = path.with_name(f".{path.name}.{suffix}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(base64.b64encode(key.material) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> MasterKey:
    text = _guarded_text(path)
    try:
        return parse_master_key(text)
    except MasterKeyError as error:
        raise MasterKeyError(f"the master key file {path}: {error}") from None


def _guarded_text(path: Path) -> str:
    """Mode and content are taken from one open file, so that it cannot be swapped in between."""
    try:
        # O_NONBLOCK: opening a pipe must not hang the start
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise MasterKeyError(f"the master key file {path} is not a regular file")
            if status.st_mode & _LOOSE_MODE:
                mode = stat.S_IMODE(status.st_mode)
                raise MasterKeyError(
                    f"the master key file {path} is open to others (mode {mode:04o}); run: chmod 600 {path}"
                )
            content = stream.read(_MAX_FILE_BYTES)
    except OSError as error:
        raise MasterKeyError(f"cannot read the master key file {path}: {error.strerror}") from None
    return content.decode("ascii", errors="replace")
