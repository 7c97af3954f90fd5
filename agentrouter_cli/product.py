"""Finds the product that a command talks to: `AGENTROUTER_URL`, a key and a CA, else the `run.json` of a living run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agentrouter_cli.errors import Unauthorised, Unreachable, WrongUsage
from agentrouter_cli.run_file import home_folder, read_run_file


@dataclass(frozen=True, slots=True)
class Product:
    """Where it is and how to speak to it. An empty `workspace_id` means the only one the key sees; `ca` (PEM) is who to
    trust for https, empty: whom the host trusts."""

    url: str
    key: str = field(repr=False)
    workspace_id: str = ""
    ca: bytes = field(default=b"", repr=False)


def find_product(environment: Mapping[str, str]) -> Product:
    """Raises Unreachable when nothing runs, Unauthorised without a key, WrongUsage for settings that cannot be read."""
    workspace_id = environment.get("AGENTROUTER_WORKSPACE", "")
    if url := environment.get("AGENTROUTER_URL", ""):
        if not url.startswith(("http://", "https://")):
            raise WrongUsage("AGENTROUTER_URL must start with http:// or https://, for instance http://127.0.0.1:12581")
        return Product(url.rstrip("/"), _key(environment), workspace_id, _ca(environment))
    home = home_folder(environment)
    run = read_run_file(home)
    if run is None:
        raise Unreachable(
            f"no running product found in {home}; start one with `agentrouter run`, "
            "or set AGENTROUTER_URL and AGENTROUTER_KEY",
            code="not_running",
        )
    return Product(run.http, _key(environment, run.management_key), workspace_id or run.workspace_id)


def _ca(environment: Mapping[str, str]) -> bytes:
    path = environment.get("AGENTROUTER_CA_FILE", "")
    if not path:
        return b""
    try:
        content = Path(path).expanduser().read_bytes()
    except OSError as problem:
        raise WrongUsage(f"AGENTROUTER_CA_FILE (--ca-file) {path} cannot be read: {problem}") from None
    if b"BEGIN CERTIFICATE" not in content:
        raise WrongUsage(f"AGENTROUTER_CA_FILE (--ca-file) {path} is no PEM file with a certificate")
    return content


def _key(environment: Mapping[str, str], otherwise: str = "") -> str:
    """The given key; a key file's content; else that of the run."""
    if key := environment.get("AGENTROUTER_KEY", "").strip():
        return key
    if path := environment.get("AGENTROUTER_KEY_FILE", ""):
        try:
            return Path(path).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise WrongUsage(f"AGENTROUTER_KEY_FILE {path} cannot be read: {problem}") from None
    if otherwise:
        return otherwise
    raise Unauthorised(
        "AGENTROUTER_URL is set but no key: set AGENTROUTER_KEY or AGENTROUTER_KEY_FILE to a management key (ak-…)",
        code="key_missing",
    )
