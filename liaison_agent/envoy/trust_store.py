"""The certificate authorities that this machine trusts, as one PEM file that Envoy can read."""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence
from pathlib import Path

USUAL_TRUST_STORE = Path("/etc/ssl/certs/ca-certificates.crt")  # Debian, Ubuntu, Arch, Alpine
_USUAL_PLACES = (
    USUAL_TRUST_STORE,
    Path("/etc/pki/tls/certs/ca-bundle.crt"),  # Fedora, Red Hat
    Path("/etc/ssl/ca-bundle.pem"),  # SUSE
    Path("/etc/ssl/cert.pem"),  # BSD, macOS
)


class TrustStoreMissing(RuntimeError):
    """No usable file; the message says where it was looked for."""


def find_trust_store(fallbacks: Sequence[Path] = (), places: Sequence[Path] = _USUAL_PLACES) -> Path:
    """The first readable file that is not empty: the usual places, what OpenSSL was built with, then `fallbacks` (such
    as a bundle that came with a wheel). Raises `TrustStoreMissing`.
    """
    built_in = ssl.get_default_verify_paths().openssl_cafile
    candidates = (*places, Path(built_in), *fallbacks) if built_in else (*places, *fallbacks)
    for place in candidates:
        if place.is_file() and os.access(place, os.R_OK) and place.stat().st_size > 0:
            return place
    looked_at = ", ".join(str(place) for place in candidates)
    raise TrustStoreMissing(
        f"no certificate authorities found, so no provider can be asked over TLS: install the system package "
        f"ca-certificates (looked for {looked_at})"
    )
