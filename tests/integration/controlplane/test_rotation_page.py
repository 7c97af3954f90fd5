"""docs/OPERATIONS.md: the lines that rotate secrets work as they stand, against a control plane that speaks TLS."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tests.contract.wires.documents import document
from tests.fakes.certificates import Authority
from tests.integration.controlplane.processes import ROOT, SERVE, bootstrapped, environment, serving

PAGE = ROOT / "docs" / "OPERATIONS.md"
PLACE = "127.0.0.1"
BACKENDS = """
mode: PREFERRED
backends:
  - {name: mine, base_url: https://own.example.com/v1, models: [fast], api_key_env: ALICES_KEY}
"""
SETTINGS = ("master_key_file", "master_keys_old_file", "tls_cert_file", "tls_key_file")


def sections() -> dict[str, list[str]]:
    """What each kind of secret is rotated by, in the order of the page; comments are steps too."""
    section = PAGE.read_text().partition("## Rotating secrets\n")[2].partition("\n## ")[0]
    _, *parts = re.split(r"^### ", section, flags=re.MULTILINE)
    return {part.partition("\n")[0]: re.findall(r"^    (.+)$", part, re.MULTILINE) for part in parts}


class Shell:
    """Runs lines one after the other, keeping what they export."""

    def __init__(self, home: Path, **variables: str) -> None:
        self.home = home
        self.variables = {**environment(home), **variables}
        binaries = home / "bin"
        binaries.mkdir()
        command = binaries / "agentrouter"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m agentrouter_cli.main "$@"\n')
        command.chmod(0o755)
        self.variables["PATH"] = f"{binaries}:{os.environ['PATH']}"

    def run(self, line: str) -> str:
        """What it prints. Fails with what it says when it is refused."""
        kept = self.home / "variables"
        done = subprocess.run(
            ["bash", "-euc", f"{line}\nenv -0 > '{kept}'"],
            env=self.variables,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        self.variables = dict(each.split("=", 1) for each in kept.read_text().split("\0") if each)
        return done.stdout

    def settings(self) -> Mapping[str, str]:
        """What the control plane is started with."""
        named = ((name, f"AGENTROUTER_{name.upper()}") for name in SETTINGS)
        return {name: self.variables[variable] for name, variable in named if variable in self.variables}


def told(shell: Shell, line: str) -> dict[str, Any]:
    """What a command says in JSON."""
    return dict(json.loads(shell.run(f"{line} --output json")))


def prepare(shell: Shell) -> None:
    """What the page takes for granted: documents, and something to rotate out of each kind."""
    (shell.home / "workspace.yaml").write_text(document(api_key="$OPENAI_API_KEY"))
    (shell.home / "backends.yaml").write_text(BACKENDS)
    shell.run("agentrouter apply -f workspace.yaml")
    issued = told(shell, "agentrouter keys consumer issue alice")
    made = told(shell, "agentrouter keys management create old")
    header = issued["secret"].removeprefix("sk-").partition(".")[0]
    shell.variables |= {
        "DATAPLANE": enrolled(shell),
        "OLD_KID": json.loads(base64.urlsafe_b64decode(header + "=="))["kid"],
        "CONSUMER_KEY": issued["key"]["jti"],
        "MANAGEMENT_KEY": made["key"]["id"],
        "JOIN_TOKEN": told(shell, "agentrouter dataplanes join-token")["id"],
        "OPENAI_API_KEY": "sk-of-november",
    }


def enrolled(shell: Shell) -> str:
    """A data plane's id."""
    keys = Ed25519PrivateKey.generate().public_key(), X25519PrivateKey.generate().public_key()
    signing, sealing = (base64.b64encode(key.public_bytes_raw()).decode() for key in keys)
    token = shell.run("agentrouter dataplanes join-token --raw").strip()
    body = {"join_token": token, "signing_public_key": signing, "sealing_public_key": sealing}
    url = "$AGENTROUTER_URL/agentrouter.management.v1.DataplaneService/EnrollDataplane"
    sent = f"-H 'content-type: application/json' -d '{json.dumps(body)}'"
    made = json.loads(shell.run(f"curl -sS --fail-with-body --cacert $AGENTROUTER_CA_FILE {sent} {url}"))
    return str(made["dataplane"]["id"])


def folder_of(home: Path, name: str, authority: Authority) -> Path:
    """One with a certificate of its own and its key."""
    folder = home / name
    folder.mkdir()
    authority.server_files(folder, PLACE)
    return folder


class Page:
    """The control plane that the page speaks of, and a shell beside it."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self._lives = ExitStack()

    def restart(self) -> None:
        """Begin the next life with the settings of the shell."""
        self.end()
        process = self._lives.enter_context(serving(self.shell.home, SERVE, **self.shell.settings()))
        self.shell.variables["AGENTROUTER_URL"] = process.url

    def end(self) -> None:
        self._lives.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    home, authority = tmp_path_factory.mktemp("rotation"), Authority()
    keys, renewed = folder_of(home, "keys", authority), folder_of(home, "renewed", authority)
    (keys / "master.key").write_text(base64.b64encode(b"1" * 32).decode())
    (keys / "master.key").chmod(0o600)
    shell = Shell(
        home,
        KEYS=str(keys),
        RENEWED=str(renewed),
        OPENAI_API_KEY="sk-of-october",
        ALICES_KEY="sk-of-alice-herself",
        AGENTROUTER_CA_FILE=str(authority.write(home / "ca.pem")),
        AGENTROUTER_MASTER_KEY_FILE=str(keys / "master.key"),
        AGENTROUTER_TLS_CERT_FILE=str(keys / "chain.pem"),
        AGENTROUTER_TLS_KEY_FILE=str(keys / "key.pem"),
    )
    shell.variables["AGENTROUTER_KEY"] = bootstrapped(home, **shell.settings()).management_key
    opened = Page(shell)
    opened.restart()
    prepare(shell)
    yield opened
    opened.end()


@pytest.mark.parametrize("kind", sections())
def test_the_lines_that_rotate_secrets_work_as_written(page: Page, kind: str) -> None:
    said = {}
    for line in sections()[kind]:
        if line.startswith("# restart"):
            page.restart()
        elif not line.startswith("#"):
            said[line] = page.shell.run(line)

    shown = "".join(said.values())
    assert said
    assert not any(secret in shown for secret in ("sk-of-october", "sk-of-november", "sk-of-alice"))
    assert ("* providers.models[0].backend_refs[0].api_key" in shown) == (kind == "Credentials of providers")


def test_every_kind_of_secret_has_its_section() -> None:
    assert list(sections()) == [
        "Master key: what everything at rest is sealed under",
        "Gatekeeper keys: what consumer keys are signed with",
        "Consumer keys",
        "Management keys",
        "Join tokens",
        "A data plane's identity, and delivery keys",
        "Credentials of providers",
        "TLS certificates",
    ]
