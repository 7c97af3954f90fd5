"""Encrypted files that are either the old or the new one after a power cut, never half of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from liaison_agent.private_files import sync_folder

_MAGIC = b"agentrouter-ledger"
_SCHEMA = 1
_NONCE_BYTES = 12
_INFO = b"agentrouter/ledger/v1"
OLDER = ".older"
_NEW = ".new"


class Unreadable(Exception):
    """A file cannot be used; the text says why and is safe to show."""


class Vault:
    """A folder (0700) of files (0600), AES-256-GCM under a key derived from the identity's private key.

    A file is bound to its name and to the data plane, so that files cannot be swapped or carried over."""

    def __init__(
        self, folder: Path, identity_key: bytes, dataplane_id: str, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(identity_key)
        self._cipher = AESGCM(key)
        self._folder = folder
        self._dataplane_id = dataplane_id
        self._random_bytes = random_bytes

    def write(self, name: str, content: bytes, *, keep_older: bool = False) -> None:
        """Replace a file; returns when the new one survives a power cut. Raises OSError, the old one then still is.

        `keep_older`: what was there before stays readable as the older generation."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        nonce = self._random_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, content, self._context(name))
        path, fresh = self._folder / name, self._folder / f"{name}{_NEW}"
        try:
            _write_durably(fresh, _MAGIC + bytes([_SCHEMA]) + nonce + sealed)
            if keep_older and path.exists():
                os.replace(path, self._folder / f"{name}{OLDER}")
            os.replace(fresh, path)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise
        sync_folder(self._folder)

    def read(self, name: str, *, older: bool = False) -> bytes | None:
        """A file's content, None if there is none. Raises `Unreadable`."""
        path = self._folder / (f"{name}{OLDER}" if older else name)
        try:
            blob = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unreadable(f"{path.name} cannot be read ({error.strerror})") from None
        return self._open(path.name, name, blob)

    def wipe(self) -> None:
        """Remove every file; each is overwritten first, as far as the file system honours that."""
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.iterdir()):
            with contextlib.suppress(OSError):
                _write_durably(path, bytes(path.stat().st_size), fresh=False)
            path.unlink(missing_ok=True)
        sync_folder(self._folder)

    def _open(self, shown: str, name: str, blob: bytes) -> bytes:
        if not blob.startswith(_MAGIC):
            raise Unreadable(f"{shown} is empty, truncated or not a ledger")
        schema, body = blob[len(_MAGIC) : len(_MAGIC) + 1], blob[len(_MAGIC) + 1 :]
        if schema != bytes([_SCHEMA]):
            raise Unreadable(f"{shown} is of schema {schema.hex() or '?'}, this agent reads {_SCHEMA:02x}")
        try:
            return self._cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], self._context(name))
        except (InvalidTag, ValueError):
            raise Unreadable(f"{shown} was altered, truncated, or written by another data plane") from None

    def _context(self, name: str) -> bytes:
        return f"{self._dataplane_id}\0{name}".encode()


def _write_durably(path: Path, content: bytes, *, fresh: bool = True) -> None:
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if fresh else 0)
    descriptor = os.open(path, flags, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
