"""A certificate authority that exists for one test run, and servers that it vouches for."""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates for host names."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority for tests")])
        authority = x509.BasicConstraints(ca=True, path_length=0)
        self._certificate = self._sign(self._name, self._key.public_key(), authority)

    def write(self, path: Path) -> Path:
        """Write the authority's own certificate as PEM."""
        path.write_bytes(self._certificate.public_bytes(Encoding.PEM))
        return path

    def server_context(self, host: str) -> ssl.SSLContext:
        """A server that may call itself `host`."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._sign(name, key.public_key(), x509.SubjectAlternativeName([x509.DNSName(host)]))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        with tempfile.NamedTemporaryFile() as file:
            file.write(certificate.public_bytes(Encoding.PEM))
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def server_files(self, folder: Path, host: str) -> tuple[Path, Path]:
        """The PEM files of such a server, `host` a name or an address: its chain up to the authority, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        alternative: x509.GeneralName = x509.DNSName(host)
        with contextlib.suppress(ValueError):
            alternative = x509.IPAddress(ipaddress.ip_address(host))
        certificate = self._sign(name, key.public_key(), x509.SubjectAlternativeName([alternative]))
        chain, private = folder / "chain.pem", folder / "key.pem"
        chain.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in (certificate, self._certificate)))
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return chain, private

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=True)
            .sign(self._key, hashes.SHA256())
        )
