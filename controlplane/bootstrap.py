"""Puts the control plane together: the only module that knows all the others."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

from contract.egress import STRICT, EgressPolicy
from controlplane.domain.errors import DomainError, Unavailable
from controlplane.scheduler.tasks import upkeep_of
from controlplane.scheduler.upkeep import Upkeep
from controlplane.security.agent_auth import AgentVerifier
from controlplane.security.certificates import Certificate
from controlplane.security.cipher import CannotOpen, Cipher
from controlplane.security.keyring import KeyRing, MasterKey, MasterKeyError, load, load_former, load_or_create
from controlplane.security.mint import Mint
from controlplane.services.audit import AuditService
from controlplane.services.authentication import Authenticator
from controlplane.services.backends import BackendService
from controlplane.services.configurations import ConfigurationService
from controlplane.services.consumer_keys import ConsumerKeyService
from controlplane.services.dataplanes import DataplaneService
from controlplane.services.document_history import DocumentHistoryService
from controlplane.services.document_removal import DocumentRemovalService
from controlplane.services.documents import DocumentService
from controlplane.services.epochs import Epoch
from controlplane.services.event_operations import EventOperations
from controlplane.services.event_upkeep import EventUpkeep
from controlplane.services.events import EventService
from controlplane.services.feed import Feed
from controlplane.services.full_sync import FullSyncService
from controlplane.services.full_sync_steps import FullSyncSteps
from controlplane.services.gatekeeper import Gatekeeper
from controlplane.services.gateway_values import GatewayValueService
from controlplane.services.join_tokens import JoinTokenService
from controlplane.services.key_proof import KeyProof
from controlplane.services.key_rotation import KeyRotationService
from controlplane.services.management_keys import ManagementKeyService
from controlplane.services.master_keys import MasterKeyService
from controlplane.services.polls import PollService
from controlplane.services.ports import Clock, Ids, Store
from controlplane.services.presence import Presence
from controlplane.services.providers import ProviderService
from controlplane.services.publishing import Publisher
from controlplane.services.reconciliation import ReconciliationService
from controlplane.services.refused_attempts import RefusedAttempts
from controlplane.services.rehearsals import RehearsedIds, RehearsedStore
from controlplane.services.retirement import Retirement
from controlplane.services.reverts import Reverts
from controlplane.services.revocations import RevocationService
from controlplane.services.ringing import Ringer
from controlplane.services.secrets import SecretKeeper
from controlplane.services.sightings import Sightings
from controlplane.services.tenants import TenantService
from controlplane.services.upgrades import UpgradeService
from controlplane.services.workspaces import WorkspaceService
from controlplane.settings import Settings, SettingsError
from controlplane.store import open_store
from controlplane.system import SystemClock, SystemRandom, UlidIds
from controlplane.transport.handlers.audit import AuditHandlers
from controlplane.transport.handlers.backends import BackendHandlers
from controlplane.transport.handlers.configurator import ConfiguratorHandlers
from controlplane.transport.handlers.dataplanes import DataplaneHandlers
from controlplane.transport.handlers.documents import DocumentHandlers
from controlplane.transport.handlers.event_operations import EventOperationHandlers
from controlplane.transport.handlers.gateways import GatewayHandlers, KeyRotationHandlers
from controlplane.transport.handlers.join_tokens import JoinTokenHandlers
from controlplane.transport.handlers.management import (
    ConsumerKeyHandlers,
    ManagementKeyHandlers,
    WorkspaceHandlers,
)
from controlplane.transport.handlers.master_keys import MasterKeyHandlers
from controlplane.transport.handlers.slots import SlotHandlers
from controlplane.transport.handlers.tenants import TenantHandlers
from controlplane.transport.handlers.upgrades import UpgradeHandlers
from controlplane.transport.metrics import Metrics
from controlplane.transport.operations import Handler, Operation, Streamer, operations
from controlplane.transport.seam import Seam

RETIRE_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """Everything, ready to be served."""

    store: Store
    feed: Feed
    sightings: Sightings
    full_syncs: FullSyncService
    upkeep: Upkeep
    workspaces: WorkspaceService
    management_keys: ManagementKeyService
    seam: Seam
    operations: dict[str, Operation]
    metrics: Metrics
    key_proof: KeyProof


def key_ring(settings: Settings) -> KeyRing:
    """The master key, with former ones that only open. Raises SettingsError, MasterKeyError."""
    former = settings.master_keys_old.get_secret_value() if settings.master_keys_old else None
    return KeyRing(master_key(settings), load_former(value=former, file=settings.master_keys_old_file))


def certificate_of(settings: Settings) -> Certificate | None:
    """What both ports present; None: they speak plain text. Raises CertificateError."""
    if settings.tls_cert_file is None or settings.tls_key_file is None:
        return None
    return Certificate(settings.tls_cert_file, settings.tls_key_file)


def master_key(settings: Settings) -> MasterKey:
    """From its variable or file; on SQLite made beside the database when absent. Raises SettingsError."""
    if settings.master_key is not None or settings.master_key_file is not None:
        value = settings.master_key.get_secret_value() if settings.master_key else None
        return load(value=value, file=settings.master_key_file)
    if settings.store_url.startswith("sqlite"):
        return load_or_create(settings.home / "master.key", SystemRandom().bytes)
    raise SettingsError("AGENTROUTER_MASTER_KEY or AGENTROUTER_MASTER_KEY_FILE is needed with PostgreSQL")


@contextlib.asynccontextmanager
async def control_plane(settings: Settings) -> AsyncIterator[ControlPlane]:
    """Open the store and put everything on top of it; closes the store at the end.

    Raises MasterKeyError or CannotOpen when the master key is not the one that the store was filled under.
    """
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    ring = key_ring(settings)
    clock, random = SystemClock(), SystemRandom()
    async with open_store(settings.store_url, clock=clock, random=random) as store:
        egress = EgressPolicy(settings.allow_loopback_upstreams, settings.allow_private_upstreams)
        certificate = certificate_of(settings)
        pinned = certificate.ca_fingerprint if certificate else None
        plane = assemble(store, ring, clock, random, timedelta(days=settings.retire_after_days), egress, pinned)
        with contextlib.suppress(Unavailable):  # the database may be away; readiness will tell
            await plane.key_proof.check()
        yield plane


@dataclass(frozen=True, slots=True)
class _Tools:
    """What use cases share: each is made once."""

    store: Store
    clock: Clock
    random: SystemRandom
    ids: Ids
    vault: Cipher
    mint: Mint
    publisher: Publisher
    ringer: Ringer
    keeper: SecretKeeper
    gatekeeper: Gatekeeper
    attempts: RefusedAttempts
    authenticator: Authenticator


def assemble(
    store: Store,
    ring: KeyRing,
    clock: Clock,
    random: SystemRandom,
    retire_after: timedelta = RETIRE_AFTER,
    egress: EgressPolicy = STRICT,
    ca_fingerprint: str | None = None,
) -> ControlPlane:
    """Every object, made once and handed to whom it serves. `ca_fingerprint`: what join tokens pin."""
    tools = _tools(store, ring, clock, random, ca_fingerprint)
    ids, publisher, forget = tools.ids, tools.publisher, tools.authenticator.forget
    replica = ids.new("cp")
    feed, sightings, epoch, upkeep = Feed(store), Sightings(store, clock), Epoch(store), EventUpkeep(store, ids)
    feed.on_identity = forget
    retirement = Retirement(store, publisher, retire_after, forget)
    tools.authenticator.on_retired = retirement.revive
    revocations, upgrades = RevocationService(store, publisher), UpgradeService(store, publisher)
    presence = Presence(store, upkeep, publisher, sightings, Reverts(store))
    polls = PollService(store, feed, presence, epoch.known, random.fraction, revocations)
    workspaces = WorkspaceService(store, tools.keeper, tools.gatekeeper, ids, clock)
    keys = ManagementKeyService(store, tools.mint, ids, clock, forget)
    full_syncs = FullSyncService(store, FullSyncSteps(publisher, tools.ringer), ids, replica)
    metrics = Metrics()
    metrics.watch("agentrouter_hanging_polls", "Polls that hang now.", lambda: feed.hanging)
    return ControlPlane(
        store=store,
        feed=feed,
        sightings=sightings,
        full_syncs=full_syncs,
        upkeep=upkeep_of(store, feed, upkeep, sightings, epoch, revocations, upgrades, retirement, replica),
        workspaces=workspaces,
        management_keys=keys,
        seam=Seam(tools.authenticator, tools.vault, metrics),
        operations=operations(
            _handlers(tools, polls, full_syncs, egress), _handlers(_rehearsed(tools), polls, full_syncs, egress)
        ),
        metrics=metrics,
        key_proof=KeyProof(store, tools.keeper),
    )


def _tools(store: Store, ring: KeyRing, clock: Clock, random: SystemRandom, ca_fingerprint: str | None) -> _Tools:
    ids, vault = UlidIds(), Cipher(ring, random.bytes)
    mint, publisher = Mint(random, ca_fingerprint=ca_fingerprint), Publisher(ids)
    attempts = RefusedAttempts(store, clock)
    return _Tools(
        store=store,
        clock=clock,
        random=random,
        ids=ids,
        vault=vault,
        mint=mint,
        publisher=publisher,
        ringer=Ringer(ids),
        keeper=SecretKeeper(vault, ids, random, clock),
        gatekeeper=Gatekeeper(vault, mint, publisher, clock),
        attempts=attempts,
        authenticator=Authenticator(store, mint, AgentVerifier(), clock, attempts),
    )


def _rehearsed(tools: _Tools) -> _Tools:
    """For dry runs: what is done with these is undone."""
    store, ids = RehearsedStore(tools.store), RehearsedIds(tools.ids)
    publisher = Publisher(ids)
    return replace(
        tools,
        store=store,
        ids=ids,
        publisher=publisher,
        ringer=Ringer(ids),
        keeper=SecretKeeper(tools.vault, ids, tools.random, tools.clock),
        gatekeeper=Gatekeeper(tools.vault, tools.mint, publisher, tools.clock),
    )


def _handlers(
    tools: _Tools, polls: PollService, full_syncs: FullSyncService, egress: EgressPolicy
) -> dict[str, Handler | Streamer]:
    """Every RPC's. `polls` and `full_syncs` live through many calls; the other use cases remember nothing."""
    return {**_configurator(tools, polls, full_syncs, egress), **_management(tools, egress)}


def _configurator(
    tools: _Tools, polls: PollService, full_syncs: FullSyncService, egress: EgressPolicy
) -> dict[str, Handler | Streamer]:
    """The 22 RPCs."""
    store, ids, publisher = tools.store, tools.ids, tools.publisher
    values, revocations = GatewayValueService(store, publisher, egress), RevocationService(store, publisher)
    return {
        **ConfiguratorHandlers(ConfigurationService(store, publisher), polls, EventService(store, ids)).table(),
        **GatewayHandlers(values, revocations, ProviderService(store)).table(),
        **SlotHandlers(ReconciliationService(store, tools.ringer), full_syncs).table(),
        **BackendHandlers(BackendService(store, tools.keeper, publisher, ids, egress)).table(),
        **UpgradeHandlers(UpgradeService(store, publisher)).table(),
        **EventOperationHandlers(EventOperations(store, ids)).table(),
    }


def _management(tools: _Tools, egress: EgressPolicy) -> dict[str, Handler | Streamer]:
    """The services around them."""
    store, mint, keeper, publisher = tools.store, tools.mint, tools.keeper, tools.publisher
    ids, clock, gatekeeper, forget = tools.ids, tools.clock, tools.gatekeeper, tools.authenticator.forget
    workspaces = WorkspaceService(store, keeper, gatekeeper, ids, clock)
    keys = ManagementKeyService(store, mint, ids, clock, forget)
    dataplanes = DataplaneService(store, mint, keeper, publisher, ids, clock, forget, tools.attempts)
    return {
        **WorkspaceHandlers(workspaces).table(),
        **ManagementKeyHandlers(keys).table(),
        **TenantHandlers(TenantService(store, workspaces, keys, ids, clock)).table(),
        **DataplaneHandlers(dataplanes, egress).table(),
        **JoinTokenHandlers(JoinTokenService(store, mint, ids)).table(),
        **ConsumerKeyHandlers(
            ConsumerKeyService(store, gatekeeper, publisher, ids, clock), RevocationService(store, publisher)
        ).table(),
        **DocumentHandlers(
            DocumentService(store, keeper, publisher, ids, egress),
            DocumentHistoryService(store, keeper, egress),
            DocumentRemovalService(store, publisher, ids),
        ).table(),
        **AuditHandlers(AuditService(store)).table(),
        **KeyRotationHandlers(KeyRotationService(store, gatekeeper)).table(),
        **MasterKeyHandlers(MasterKeyService(store, tools.vault, keeper)).table(),
    }


async def why_not_ready(plane: ControlPlane) -> str:
    """Empty when the store answers, and the master key is the one it was filled under."""
    try:
        await plane.store.ping()
        await plane.key_proof.check()
    except DomainError as error:
        return error.message
    except (MasterKeyError, CannotOpen) as error:
        return str(error)
    return ""
