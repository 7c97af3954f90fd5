"""The certificate that both ports speak TLS with: read, checked, read again when it is renewed."""

from __future__ import annotations

import hashlib
import logging
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

log = logging.getLogger(__name__)


class CertificateError(Exception):
    """The files are no certificate with its key; the message names them and the way out."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What a server presents: the chain, its own certificate first, and the private key, both PEM."""

    chain: bytes
    key: bytes = field(repr=False)


class Certificate:
    """Two PEM files. Raises CertificateError when they cannot be used."""

    def __init__(self, cert_file: Path, key_file: Path) -> None:
        self.cert_file = cert_file
        self.key_file = key_file
        self._seen = self._stamp()
        self._pair = self._read()

    @property
    def pair(self) -> Pair:
        """The newest that could be used."""
        return self._pair

    @property
    def ca_fingerprint(self) -> str | None:
        """sha256 (64 hex) of the chain's last certificate if that signed itself; else nobody could pin it."""
        last = x509.load_pem_x509_certificates(self._pair.chain)[-1]
        if last.issuer != last.subject:
            return None
        return hashlib.sha256(last.public_bytes(Encoding.DER)).hexdigest()

    def renewed(self) -> bool:
        """Whether the files changed and can be used; a pair that cannot is logged, and the one before stays."""
        try:
            stamp = self._stamp()
            if stamp == self._seen:
                return False
            self._seen = stamp
            self._pair = self._read()
        except CertificateError as error:
            log.error("the renewed certificate cannot be used, the one before is kept: %s", error)
            return False
        log.info("the renewed certificate is in use")
        return True

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = [path.stat() for path in (self.cert_file, self.key_file)]
        except OSError as error:
            raise CertificateError(f"{error.filename} cannot be read: {error.strerror}") from None
        return tuple(number for each in found for number in (each.st_mtime_ns, each.st_size, each.st_ino))

    def _read(self) -> Pair:
        try:
            pair = Pair(self.cert_file.read_bytes(), self.key_file.read_bytes())
            x509.load_pem_x509_certificates(pair.chain)
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.cert_file, self.key_file, password=b"")
        except (ssl.SSLError, ValueError):
            raise CertificateError(
                f"{self.cert_file} and {self.key_file} are no certificate with its unencrypted private key, both PEM"
            ) from None
        except OSError as error:
            raise CertificateError(f"{error.filename} cannot be read: {error.strerror}") from None
        return pair
