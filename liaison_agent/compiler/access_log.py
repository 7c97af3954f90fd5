"""One JSON line a request: who asked for what, what came of it, which versions served it. No credential, no query."""

from __future__ import annotations

from liaison_agent.compiler import names
from liaison_agent.compiler.packing import Fields, extension

_FILE = "envoy.extensions.access_loggers.file.v3.FileAccessLog"


def _state(key: str) -> str:
    return f"%FILTER_STATE({key}:PLAIN)%"


LINE = {
    "time": "%START_TIME%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "consumer": _state(names.STATE_CONSUMER),
    "endpoint": _state(names.STATE_ENDPOINT),
    "method": "%REQ(:METHOD)%",
    "model": _state(names.STATE_MODEL),
    "status": "%RESPONSE_CODE%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "flags": "%RESPONSE_FLAGS%",
    "duration_ms": "%DURATION%",
    "upstream": "%UPSTREAM_CLUSTER%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "workspace_version": f"%DYNAMIC_METADATA({names.METADATA}:{names.WORKSPACE_VERSION})%",
    "consumer_version": f"%METADATA(VIRTUAL_HOST:{names.METADATA}:{names.CONSUMER_VERSION})%",
}


def access_logs(path: str) -> list[Fields]:
    """The access loggers of a listener; none when no file is named."""
    return [extension("file", _FILE, path=path, log_format={"json_format": LINE})] if path else []
