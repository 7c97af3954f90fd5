"""Writes docs/API.md from the table of examples, or with --check tells whether it still is what the table says."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from tools.api_calls import Example
from tools.api_examples import EXAMPLES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "API.md"
_VARIABLE = re.compile(r'"\$([A-Z0-9_]+)"')

HEAD = """# The API, call by call

Written by `tools/write_api_docs.py` from `tools/api_examples.py`; a test runs every `buf curl` and every `curl` line as
it stands here, in this order, against a real control plane. The `grpcurl` lines are made from the same table.

The HTTP port speaks Connect (JSON or protobuf, HTTP/1.1) and gRPC-Web, the gRPC port gRPC with reflection and health.
Fields may be written in snake_case or lowerCamelCase; answers of Connect are lowerCamelCase, those of the four aliases
(at the end) snake_case. The commented `proto/` folder says what each field means, [ERRORS.md](ERRORS.md) what a refusal
means.

    URL=http://127.0.0.1:12581                       # the HTTP port
    GRPC=127.0.0.1:12580                             # the gRPC port
    AK=ak-…                                          # a management key
    DATAPLANE_TOKEN=…                                # what a data plane signs itself: only for who writes an agent
    DATAPLANE=dp_…                                   # ids as earlier answers told them
    export PATH="$PWD/.venv/bin:$PATH"               # where `make setup` puts buf

With TLS write `https://` and add `--cacert ca.pem` (curl, and buf curl in place of `--http2-prior-knowledge`) or
`-cacert ca.pem` in place of `-plaintext` (grpcurl). A key that sees one workspace implies it; one that sees several
names it in `workspace_id`. Requests that change something take a `request_id`: repeated within 24 hours they get the
answer of the first time, whatever happened since; secrets in it are shown the first time only (`already_shown`).
They also take `validate_only`, a dry run: the answer, or the refusal, that the real call would get, without its
changes. Nothing is stored, nobody is told, and ids and keys that would be made are empty.
"""

TAIL = """
## REST aliases

Plain JSON over POST, snake_case in and out, beside the same RPCs above.

"""
ALIASES = (
    ("config", "AK", '{"queries": []}'),
    ("dataplane-upgrade/cancel", "AK", '{"dataplane_id": "\'$DATAPLANE\'"}'),
    ("dataplane-upgrade/rollback", "AK", '{"dataplane_id": "\'$UPGRADED_DATAPLANE\'"}'),
    ("validate-dataplane", "DATAPLANE_TOKEN", "{}"),
)


def body_of(example: Example) -> str:
    """JSON between single quotes, with the quotes closed around variables."""
    text = json.dumps(example.body, ensure_ascii=False)
    return _VARIABLE.sub(lambda found: f"\"'${found[1]}'\"", text)


def curl_line(example: Example) -> str:
    """Connect's JSON over HTTP/1.1; a stream has an envelope around each message."""
    kind = "application/connect+json" if example.streams else "application/json"
    headers = f'{_bearer(example, "-H")}-H "Content-Type: {kind}"'
    if not example.streams:
        return f"curl -sS $URL/{example.path} {headers} -d '{body_of(example)}'"
    size = f"{len(body_of(example)):03o}"
    sent = f"printf '\\0\\0\\0\\0\\{size}{body_of(example)}'"
    return f"{sent} | curl -sS $URL/{example.path} {headers} --data-binary @- --output -"


def buf_line(example: Example) -> str:
    """gRPC by reflection."""
    options = f"--protocol grpc --http2-prior-knowledge {_bearer(example, '-H')}"
    return f"buf curl {options}-d '{body_of(example)}' http://$GRPC/{example.path}"


def grpcurl_line(example: Example) -> str:
    """The same call by grpcurl."""
    return f"grpcurl -plaintext {_bearer(example, '-H')}-d '{body_of(example)}' $GRPC {example.path}"


def page() -> str:
    """The whole of docs/API.md."""
    parts, service = [HEAD], ""
    for example in EXAMPLES:
        if example.service != service:
            service = example.service
            parts.append(f"\n## {service.rpartition('.')[2]}\n\n`{service}`\n")
        parts.append(_section(example))
    lines = [
        f'    curl -sS -X POST "$URL/configurator/v1/{path}" -H "Authorization: Bearer ${token}" '
        f"-H \"Content-Type: application/json\" -d '{body}'\n"
        for path, token, body in ALIASES
    ]
    return "".join([*parts, TAIL, *lines])


def _section(example: Example) -> str:
    lines = "\n".join(f"    {line(example)}" for line in (curl_line, buf_line, grpcurl_line))
    kept = "; ".join(f"`{name}` is `{way}` of the answer" for name, way in example.keeps.items())
    said = f"{example.says} Who may: {example.caller}." + (f" Later lines use it: {kept}." if kept else "")
    return f"\n### {example.method}\n\n{said}\n\n{lines}\n"


def _bearer(example: Example, option: str) -> str:
    return f'{option} "Authorization: Bearer ${example.token}" ' if example.token else ""


def main(arguments: list[str]) -> int:
    """0 when the page is as it should be."""
    if "--check" not in arguments:
        PAGE.write_text(page())
    elif not PAGE.exists() or PAGE.read_text() != page():
        print("docs/API.md is stale: run `.venv/bin/python -m tools.write_api_docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
