"""Why a connection came to nothing: from the words of whatever library tried, to the way out."""

from __future__ import annotations

from typing import Final

HTTP_PORT: Final = 12581
GRPC_PORT: Final = 12580

_NOT_TRUSTED: Final = "its certificate is not trusted here: name its CA with --ca-file (AGENTROUTER_CA_FILE)"
_CLOSED: Final = (
    "the connection was closed without an answer: the control plane may just be starting or ending; if TLS is spoken "
    "there, write https://"
)
_NO_HTTP: Final = (
    f"what answers there does not speak HTTP/1.1: is that the gRPC port ({GRPC_PORT})? Name the HTTP port, {HTTP_PORT} "
    "unless it was moved"
)
_NO_TLS: Final = "what answers there does not speak TLS: write http://, or name the port that does"

# Words that only this failure has, and what it means. The first that is found counts.
_MEANINGS: Final = (
    ("invalid HTTP version parsed", _NO_HTTP),
    ("received unexpected message from connection", _NO_HTTP),  # it spoke before it was asked
    ("connection was not ready", _NO_HTTP),  # it did so even earlier
    (
        "Trying to connect an http1.x server",
        f"what answers there speaks HTTP/1.1 and no gRPC: is that the HTTP port ({HTTP_PORT})? Name the gRPC port, "
        f"{GRPC_PORT} unless it was moved, or speak Connect (--protocol connect)",
    ),
    ("InvalidContentType", _NO_TLS),
    ("WRONG_VERSION_NUMBER", _NO_TLS),
    ("invalid peer certificate", _NOT_TRUSTED),
    ("CERTIFICATE_VERIFY_FAILED", _NOT_TRUSTED),
    ("dns error", "no address is known here for that name"),
    ("DNS resolution failed", "no address is known here for that name"),
    ("onnection refused", "nothing listens there: is the control plane running?"),
    ("onnection reset by peer", _CLOSED),
    ("connection closed before message completed", _CLOSED),
)


def meaning_of(failure: str) -> str:
    """What the failure means, with the way out; empty for words that are not known."""
    return next((meaning for words, meaning in _MEANINGS if words in failure), "")
