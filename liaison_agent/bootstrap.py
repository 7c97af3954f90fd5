"""Where an agent is put together and lives: identity, boot, Envoy, loop; ended by a signal or a revocation."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import importlib.metadata
import logging
import os
import random
import secrets
import signal
from collections.abc import Awaitable, Iterator
from datetime import timedelta
from functools import cache
from typing import TypeVar

from contract.egress import EgressPolicy
from contract.join_tokens import ca_fingerprint_of
from liaison_agent.address_book import AddressBook, AddressFile, look_up
from liaison_agent.agent import Agent, Parts
from liaison_agent.applier import Applier
from liaison_agent.clocks import SystemClock
from liaison_agent.compiler.compilation import Compiled, compile_gateway
from liaison_agent.compiler.options import GatewayOptions, KeyVariable
from liaison_agent.control.connect_wire import ConnectWire
from liaison_agent.control.credential import Credential
from liaison_agent.control.enrolment import enrol
from liaison_agent.control.grpc_wire import GrpcWire
from liaison_agent.control.identity import Identity, IdentityError, KeyPairs, load_identity, next_boot
from liaison_agent.control.remote import RemoteControlPlane
from liaison_agent.control.trust import NotTrusted, fetch_ca
from liaison_agent.control.wires import Wire
from liaison_agent.envoy.descriptors import DescriptorsUnavailable, find_envoy_binary, load_descriptor_pool
from liaison_agent.envoy.options import EnvoyOptions
from liaison_agent.envoy.packing import DescriptorPacker
from liaison_agent.envoy.processes import read_pid_file
from liaison_agent.envoy.trust_store import USUAL_TRUST_STORE, TrustStoreMissing, find_trust_store
from liaison_agent.gateway import EnvoyGateway
from liaison_agent.gatherer import Gatherer
from liaison_agent.ledger.file_ledger import FileLedger
from liaison_agent.ledger.vault import Vault
from liaison_agent.memory import Memory
from liaison_agent.minting.grants import Post, grant_of
from liaison_agent.minting.minter import Minter
from liaison_agent.opener import Opener
from liaison_agent.poller import DataplaneRevoked, Poller
from liaison_agent.ports import ControlPlaneRefused, ControlPlaneUnreachable, LedgerError
from liaison_agent.private_files import make_private_folder
from liaison_agent.reporter import Reporter
from liaison_agent.settings import Settings
from liaison_agent.state import Desired
from liaison_agent.status_file import StatusFile

DRAIN = timedelta(seconds=10)
EXIT_STOPPED, EXIT_UNUSABLE, EXIT_REVOKED = 0, 2, 3

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class CannotStart(Exception):
    """Something about the machine or the settings forbids it; the message names the way out."""


class _Stopped(Exception):
    """A signal came."""


async def run_agent(settings: Settings) -> int:
    """Live until a signal or a revocation; returns the exit code. Raises `CannotStart`."""
    stop = _stop_on_signals()
    with _state_folder_taken(settings):
        status = StatusFile(settings.state_folder, os.getpid())
        status.set_status("enrolling")
        try:
            identity = await _unless(stop, _identity_of(settings))
        except _Stopped:
            status.set_status("stopped")
            return EXIT_STOPPED
        status.set_identity(identity.dataplane_id, identity.workspace_id)
        return await _live(settings, identity, status, stop)


async def _live(settings: Settings, identity: Identity, status: StatusFile, stop: asyncio.Event) -> int:
    clock = SystemClock()
    gateway, options, packer = _gateway(settings, identity, clock, status)
    ledger = _ledger(settings, identity)
    control = RemoteControlPlane(_wire(settings, identity.ca), Credential(identity, clock))
    boot = next_boot(settings.state_folder, now=clock.now())
    poller = Poller(control, clock, random.Random())
    opener = Opener(identity.keys.sealing, workspace_id=identity.workspace_id, dataplane_id=identity.dataplane_id)
    egress = EgressPolicy(
        settings.allow_loopback_upstreams or identity.egress.allow_loopback,
        settings.allow_private_upstreams or identity.egress.allow_private,
    )
    book = AddressBook(look_up, egress, clock.monotonic, AddressFile(settings.state_folder / "addresses.json"))
    found = _gateway_options(options, egress, settings.key_variables)

    def compile_(desired: Desired, *, previous: Compiled | None) -> Compiled:
        offset = settings.port_offset
        return compile_gateway(
            desired, packer=packer, port_offset=offset, options=found, addresses=book.known, previous=previous
        )

    minter = _minter(found, clock)
    applier = Applier(gateway, compile_, clock, book, minter)
    parts = Parts(
        control=control,
        ledger=ledger,
        clock=clock,
        poller=poller,
        gatherer=Gatherer(poller, opener, clock, boot),
        applier=applier,
        reporter=Reporter(control, clock, _version(), lambda: applier.outages),
        announce=status.set_status,
    )
    left_running = read_pid_file(options.pid_file) is not None
    agent = Agent(parts, workspace_id=identity.workspace_id, boot=boot, envoy_left_running=left_running)
    status.set_status("waiting")
    _log.info("data plane %s of workspace %s, boot %d", identity.dataplane_id, identity.workspace_id, boot.counter)
    try:
        await _unless(stop, _run(agent, applier, minter))
    except _Stopped:
        return await _end(gateway, control, status)
    except DataplaneRevoked:
        _log.error("this data plane is revoked: draining, then secrets and ledger are wiped")
        await _end(gateway, control, status)
        ledger.wipe()
        status.set_status("revoked")
        return EXIT_REVOKED
    raise AssertionError("the loop ended by itself")


async def _run(agent: Agent, applier: Applier, minter: Minter) -> None:
    """The loop, and beside it what follows the names of upstreams and keeps access tokens fresh."""
    beside = (applier.follow_names(), applier.follow_credentials(), minter.run())
    following = asyncio.gather(*beside)
    try:
        await agent.run()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await minter.close()


async def _end(gateway: EnvoyGateway, control: RemoteControlPlane, status: StatusFile) -> int:
    status.set_status("stopping")
    await gateway.stop(drain=DRAIN)
    await control.close()
    status.set_status("stopped")
    _log.info("stopped")
    return EXIT_STOPPED


async def _identity_of(settings: Settings) -> Identity:
    """The stored one, or a new one for the join token."""
    try:
        identity = load_identity(settings.state_folder)
    except IdentityError as error:
        raise CannotStart(str(error)) from None
    if identity is not None:
        return identity
    if not settings.join_token:
        raise CannotStart(
            f"no identity in {settings.state_folder}"
            + (f", and {settings.join_token_problem}" if settings.join_token_problem else " and no join token")
            + "; give one with --join-token, AGENTROUTER_JOIN_TOKEN or AGENTROUTER_JOIN_TOKEN_FILE"
        )
    identity = await _enrolled(settings)
    _log.info("enrolled as data plane %s of workspace %s", identity.dataplane_id, identity.workspace_id)
    with contextlib.suppress(LedgerError):  # without it the first poll says that the ledger is lost, which is as good
        _ledger(settings, identity).save(Memory(identity.workspace_id))
    return identity


async def _enrolled(settings: Settings) -> Identity:
    clock, keys = SystemClock(), KeyPairs.generate()
    ca = await _pinned_ca(settings, clock)
    control = RemoteControlPlane(_wire(settings, ca), None)
    poller = Poller(control, clock, random.Random())
    try:
        while True:
            try:
                return await enrol(
                    control,
                    settings.state_folder,
                    join_token=settings.join_token,
                    name=settings.name,
                    agent_version=_version(),
                    keys=keys,
                    ca=ca,
                )
            except ControlPlaneUnreachable as error:
                await poller.back_off(error)
    except ControlPlaneRefused as error:
        raise CannotStart(f"the control plane at {settings.control_plane} refused to enrol: {error}") from None
    except OSError as error:
        raise CannotStart(f"the identity cannot be written to {settings.state_folder}: {error.strerror}") from None
    finally:
        await control.close()


async def _pinned_ca(settings: Settings, clock: SystemClock) -> str:
    """The CA that the join token names, PEM; empty when it names none or the operator gave one."""
    fingerprint = ca_fingerprint_of(settings.join_token)
    if fingerprint is None or settings.ca:
        return ""
    pause = random.Random()
    while True:
        try:
            return await fetch_ca(settings.control_plane, fingerprint)
        except NotTrusted as error:
            raise CannotStart(str(error)) from None
        except ControlPlaneUnreachable as error:
            _log.warning("%s; it is tried again", error)
            await clock.sleep(pause.uniform(0.5, 2))


def _gateway(
    settings: Settings, identity: Identity, clock: SystemClock, status: StatusFile
) -> tuple[EnvoyGateway, EnvoyOptions, DescriptorPacker]:
    try:
        binary = find_envoy_binary()
        pool = load_descriptor_pool(binary, settings.state_folder / "cache")
    except DescriptorsUnavailable as error:
        raise CannotStart(str(error)) from None
    options = EnvoyOptions(settings.state_folder, identity.dataplane_id, binary, concurrency=settings.envoy_concurrency)
    gateway = EnvoyGateway(options, pool, clock=clock.monotonic, now=clock.now, on_pid=status.set_envoy_pid)
    return gateway, options, DescriptorPacker(pool)


def _minter(options: GatewayOptions, clock: SystemClock) -> Minter:
    @cache
    def post() -> Post:
        """Few have credentials that need an HTTP client: the others start without it."""
        from liaison_agent.minting.token_endpoint import TokenEndpoints

        return TokenEndpoints(look_up, options.egress, options.trust_store).post

    return Minter(lambda credential: grant_of(credential, post(), clock), clock, random.Random())


def _gateway_options(
    options: EnvoyOptions, egress: EgressPolicy, key_variables: tuple[KeyVariable, ...]
) -> GatewayOptions:
    try:
        trust_store = find_trust_store()
    except TrustStoreMissing as error:
        _log.warning("%s", error)
        trust_store = USUAL_TRUST_STORE
    return GatewayOptions(str(options.access_log_file), str(trust_store), egress, key_variables)


def _ledger(settings: Settings, identity: Identity) -> FileLedger:
    vault = Vault(settings.state_folder / "ledger", identity.keys.sealing, identity.dataplane_id)
    return FileLedger(vault, lambda: secrets.token_hex(8))


def _wire(settings: Settings, ca: str) -> Wire:
    return (GrpcWire if settings.protocol == "grpc" else ConnectWire)(settings.control_plane, settings.ca or ca)


def _version() -> str:
    return importlib.metadata.version("agentrouter")


@contextlib.contextmanager
def _state_folder_taken(settings: Settings) -> Iterator[None]:
    """One agent a state folder; the kernel lets go of it however the agent ends."""
    folder = settings.state_folder
    try:
        make_private_folder(folder)
        lock = (folder / "agent.lock").open("a")
    except OSError as error:
        raise CannotStart(f"the state folder {folder} cannot be used: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(
                f"another agent runs on the state folder {folder}; a second data plane needs a --state of its own"
            ) from None
        yield


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _unless(stop: asyncio.Event, work: Awaitable[_Result]) -> _Result:
    """The work's result, or `_Stopped` as soon as `stop` is set; the work is then cancelled, and over."""
    doing, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise _Stopped
    finally:
        for task in (doing, stopping):
            task.cancel()
        await asyncio.gather(doing, stopping, return_exceptions=True)
