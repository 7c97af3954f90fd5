"""Checks a request's AWS signature (Version 4) as the service does: from what was received and the key it knows."""

from __future__ import annotations

import hashlib
import hmac
import re

from tests.fakes.scripted_upstream import Received

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/"
    r"(?P<scope>(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request), "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


def signed_by(request: Received, secret_access_key: str) -> tuple[str, str, str, list[str]] | None:
    """Key id, region, service and signed headers of a request that this key signed as it came; else None."""
    found = _AUTHORIZATION.fullmatch(request.header("authorization") or "")
    if found is None or request.header("x-amz-content-sha256") != hashlib.sha256(request.body).hexdigest():
        return None
    path, _, query = request.target.partition("?")
    names = found["headers"].split(";")
    headers = "".join(f"{name}:{' '.join((request.header(name) or '').split())}\n" for name in names)
    body = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join([request.method, path, query, headers, found["headers"], body])
    stamp = request.header("x-amz-date") or ""
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, found["scope"], hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret_access_key}".encode()
    for part in (found["day"], found["region"], found["service"], "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    expected = hmac.digest(key, to_sign.encode(), "sha256").hex()
    if not hmac.compare_digest(expected, found["signature"]) or not stamp.startswith(found["day"]):
        return None
    return found["id"], found["region"], found["service"], names
