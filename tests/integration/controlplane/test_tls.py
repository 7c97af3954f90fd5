"""TLS on both ports: who is trusted, what a join token pins, and a certificate that is renewed while serving."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from contract.join_tokens import ca_fingerprint_of
from controlplane.security.certificates import Certificate, CertificateError
from controlplane.settings import SettingsError, load_settings
from liaison_agent.control.connect_wire import ConnectWire
from liaison_agent.control.grpc_wire import GrpcWire
from liaison_agent.control.identity import load_identity
from liaison_agent.control.trust import NotTrusted, fetch_ca
from liaison_agent.control.wires import Procedure, WireFailure
from tests.fakes.certificates import Authority
from tests.integration.controlplane.processes import Process, bootstrapped, environment, serving

HOST = "127.0.0.1"
AGENT = [sys.executable, "-m", "liaison_agent"]
CLI = [sys.executable, "-m", "agentrouter_cli.main"]


class Secured:
    """A control plane that speaks TLS, the authority behind it, and a key of its admin."""

    def __init__(self, home: Path, authority: Authority, process: Process, key: str) -> None:
        self.home = home
        self.authority = authority
        self.process = process
        self.ca_file = authority.write(home / "ca.pem")
        self.environment = environment(home, url=process.url, key=key, ca_file=str(self.ca_file))

    def url(self, protocol: str) -> str:
        """Where agents of that protocol go."""
        return self.process.url if protocol == "connect" else f"https://{self.process.grpc}"

    def cli(self, *arguments: str) -> str:
        """What `agentrouter …` prints."""
        done = subprocess.run(
            [*CLI, *arguments], env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def shown(self, port_of: str) -> bytes:
        """The certificate that a port presents now, DER."""
        host, _, port = port_of.removeprefix("https://").rpartition(":")
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port)), timeout=60))


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    home, authority = tmp_path_factory.mktemp("tls"), Authority()
    chain, private = authority.server_files(home, HOST)
    key = bootstrapped(home).management_key
    with serving(home, tls_cert_file=str(chain), tls_key_file=str(private)) as process:
        yield Secured(home, authority, process, key)


@asynccontextmanager
async def agent(secured: Secured, protocol: str, join_token: str, state: Path) -> AsyncIterator[Path]:
    """The agent as a process, with nothing but the join token to know its control plane by."""
    kept = {name: value for name, value in secured.environment.items() if name != "AGENTROUTER_CA_FILE"}
    with (state.parent / f"{state.name}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(*AGENT, "--protocol", protocol, "--control-plane", secured.url(protocol), "--state", str(state)),
            env={**kept, "AGENTROUTER_JOIN_TOKEN": join_token},
            stderr=log,
        )
    try:
        yield state
    finally:
        process.terminate()
        await process.wait()


async def until(holds: Callable[[], object]) -> None:
    """Wait for other processes to make it so."""
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("protocol", ["connect", "grpc"])
async def test_an_agent_knows_its_control_plane_by_the_join_token_and_trusts_it_afterwards(
    secured: Secured, tmp_path: Path, protocol: str
) -> None:
    token = secured.cli("dataplanes", "join-token", "--raw")

    async with agent(secured, protocol, token, tmp_path / "state") as state:
        await until(lambda: load_identity(state) is not None)
        identity = load_identity(state)
        assert identity is not None
        await until(lambda: _last_seen(secured, identity.dataplane_id))

    assert identity.ca == secured.ca_file.read_text()
    assert ca_fingerprint_of(token) == hashlib.sha256(ssl.PEM_cert_to_DER_cert(identity.ca)).hexdigest()


def _last_seen(secured: Secured, dataplane_id: str) -> str:
    """When its first poll was heard; empty before."""
    listed = json.loads(secured.cli("dataplanes", "list", "--output", "json"))["dataplanes"]
    return str(next(each for each in listed if each["id"] == dataplane_id).get("last_seen_at") or "")


@pytest.mark.parametrize("protocol", ["connect", "grpc"])
async def test_whoever_shows_another_ca_is_sent_nothing(secured: Secured, protocol: str) -> None:
    with pytest.raises(NotTrusted, match="does not show the CA that the join token names"):
        await fetch_ca(secured.url(protocol), "0" * 64)


async def test_a_token_that_pins_a_ca_is_never_sent_in_plain_text() -> None:
    with pytest.raises(NotTrusted, match="must begin with https"):
        await fetch_ca("http://127.0.0.1:1", "0" * 64)


@pytest.mark.parametrize("wire", [ConnectWire, GrpcWire])
async def test_a_server_of_an_authority_that_is_not_trusted_gets_no_call(
    secured: Secured, tmp_path: Path, wire: type[ConnectWire | GrpcWire]
) -> None:
    url = secured.url("connect" if wire is ConnectWire else "grpc")
    stranger = wire(url, Authority().write(tmp_path / "another.pem").read_text())

    with pytest.raises(WireFailure) as refused:
        await stranger.call(
            Procedure.ENROLL_DATAPLANE, dataplanes.EnrollDataplaneRequest(), token=None, within=timedelta(seconds=5)
        )

    assert refused.value.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED")
    await stranger.close()


def test_curl_needs_the_ca_and_plain_text_gets_no_answer(secured: Secured) -> None:
    def curl(*arguments: str) -> int:
        return subprocess.run(["/usr/bin/curl", "-sS", *arguments], capture_output=True, check=False).returncode

    url = f"{secured.process.url}/health"

    assert curl("--cacert", str(secured.ca_file), url) == 0
    assert curl(url) != 0
    assert curl(url.replace("https://", "http://")) != 0


async def test_a_renewed_certificate_is_presented_without_a_restart_and_a_broken_one_is_not(secured: Secured) -> None:
    ports = (secured.process.url, secured.process.grpc)
    before = [secured.shown(port) for port in ports]

    (secured.home / "chain.pem").write_text("not a certificate")
    await until(lambda: "the one before is kept" in secured.process.log.read_text())
    kept = [secured.shown(port) for port in ports]
    secured.authority.server_files(secured.home, HOST)
    await until(lambda: all(secured.shown(port) not in before for port in ports))

    assert kept == before
    assert secured.shown(ports[0]) == secured.shown(ports[1])


def test_what_cannot_be_a_certificate_is_named(tmp_path: Path) -> None:
    chain, private = Authority().server_files(tmp_path, HOST)

    with pytest.raises(CertificateError, match="are no certificate with its unencrypted private key"):
        Certificate(private, private)
    with pytest.raises(CertificateError, match="cannot be read"):
        Certificate(chain, tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="AGENTROUTER_TLS_CERT_FILE and AGENTROUTER_TLS_KEY_FILE"):
        load_settings(tls_cert_file=chain)
    with pytest.raises(SettingsError, match="not loopback"):
        load_settings(http_address="0.0.0.0:0")

    assert load_settings(http_address="0.0.0.0:0", tls_cert_file=chain, tls_key_file=private).insecure is False
