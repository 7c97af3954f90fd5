"""Puts the control plane together: the only module that knows all the others."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from contract.egress import STRICT, EgressPolicy
from controlplane.domain.errors import DomainError, Unavailable
from controlplane.scheduler.leadership import Leadership
from controlplane.scheduler.upkeep import Tasks, Upkeep
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
from controlplane.services.documents import DocumentService
from controlplane.services.event_operations import EventOperations
from controlplane.services.event_upkeep import EventUpkeep
from controlplane.services.events import EventService
from controlplane.services.feed import Feed
from controlplane.services.full_sync import FullSyncService
from controlplane.services.full_sync_steps import FullSyncSteps
from controlplane.services.gatekeeper import Gatekeeper
from controlplane.services.gateway_values import GatewayValueService
from controlplane.services.key_proof import KeyProof
from controlplane.services.key_rotation import KeyRotationService
from controlplane.services.management_keys import ManagementKeyService
from controlplane.services.master_keys import MasterKeyService
from controlplane.services.polls import PollService
from controlplane.services.ports import Clock, Store
from controlplane.services.presence import Presence
from controlplane.services.providers import ProviderService
from controlplane.services.publishing import Publisher
from controlplane.services.reconciliation import ReconciliationService
from controlplane.services.refused_attempts import RefusedAttempts
from controlplane.services.retention import Retention
from controlplane.services.retirement import Retirement
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
from controlplane.transport.handlers.event_operations import EventOperationHandlers
from controlplane.transport.handlers.gateways import GatewayHandlers, KeyRotationHandlers
from controlplane.transport.handlers.management import (
    ConsumerKeyHandlers,
    DocumentHandlers,
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


class Epoch:
    """The store's epoch, read once and again with the upkeep; polls do not ask the database for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._value = ""

    async def known(self) -> str:
        """Raises Unavailable while it was never read."""
        if not self._value:
            await self.read()
        return self._value

    async def read(self) -> None:
        """Raises Unavailable."""
        self._value = await self._store.epoch()


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
    ids = UlidIds()
    replica = ids.new("cp")
    vault, mint, verifier = Cipher(ring, random.bytes), Mint(random, ca_fingerprint=ca_fingerprint), AgentVerifier()
    publisher = Publisher(ids)
    keeper = SecretKeeper(vault, ids, random, clock)
    gatekeeper = Gatekeeper(vault, mint, publisher, clock)
    attempts = RefusedAttempts(store, clock)
    authenticator = Authenticator(store, mint, verifier, clock, attempts)
    feed, sightings, epoch = Feed(store), Sightings(store, clock), Epoch(store)
    events, event_upkeep = EventService(store, ids), EventUpkeep(store, ids)
    presence = Presence(store, event_upkeep, publisher, sightings)
    feed.on_identity = authenticator.forget
    retirement = Retirement(store, publisher, retire_after, authenticator.forget)
    authenticator.on_retired = retirement.revive
    workspaces = WorkspaceService(store, keeper, gatekeeper, ids, clock)
    keys = ManagementKeyService(store, mint, ids, clock, authenticator.forget)
    dataplanes = DataplaneService(store, mint, keeper, publisher, ids, clock, authenticator.forget, attempts)
    revocations = RevocationService(store, publisher)
    upgrades = UpgradeService(store, publisher)
    polls = PollService(store, feed, presence, epoch.known, random.fraction, revocations)
    ringer = Ringer(ids)
    full_syncs = FullSyncService(store, FullSyncSteps(publisher, ringer), ids, replica)
    handlers: dict[str, Handler | Streamer] = {
        **ConfiguratorHandlers(ConfigurationService(store, publisher), polls, events).table(),
        **GatewayHandlers(GatewayValueService(store, publisher), revocations, ProviderService(store)).table(),
        **SlotHandlers(ReconciliationService(store, ringer), full_syncs).table(),
        **EventOperationHandlers(EventOperations(store, ids)).table(),
        **KeyRotationHandlers(KeyRotationService(store, gatekeeper)).table(),
        **_administration(store, workspaces, keys, TenantService(store, workspaces, keys, ids, clock)),
        **DataplaneHandlers(dataplanes).table(),
        **ConsumerKeyHandlers(ConsumerKeyService(store, gatekeeper, publisher, ids, clock)).table(),
        **MasterKeyHandlers(MasterKeyService(store, vault, keeper)).table(),
        **BackendHandlers(BackendService(store, keeper, publisher, ids, egress)).table(),
        **UpgradeHandlers(upgrades).table(),
        **DocumentHandlers(DocumentService(store, keeper, publisher, ids, egress)).table(),
    }
    metrics = _metrics(feed)
    return ControlPlane(
        store=store,
        feed=feed,
        sightings=sightings,
        full_syncs=full_syncs,
        upkeep=_upkeep(store, feed, event_upkeep, sightings, epoch, revocations, upgrades, retirement, replica),
        workspaces=workspaces,
        management_keys=keys,
        seam=Seam(authenticator, vault, metrics),
        operations=operations(handlers),
        metrics=metrics,
        key_proof=KeyProof(store, keeper),
    )


def _administration(
    store: Store, workspaces: WorkspaceService, keys: ManagementKeyService, tenants: TenantService
) -> dict[str, Handler]:
    """Handlers of who there is and what they did."""
    return {
        **WorkspaceHandlers(workspaces).table(),
        **ManagementKeyHandlers(keys).table(),
        **TenantHandlers(tenants).table(),
        **AuditHandlers(AuditService(store)).table(),
    }


def _metrics(feed: Feed) -> Metrics:
    metrics = Metrics()
    metrics.watch("agentrouter_hanging_polls", "Polls that hang now.", lambda: feed.hanging)
    return metrics


def _upkeep(
    store: Store,
    feed: Feed,
    events: EventUpkeep,
    sightings: Sightings,
    epoch: Epoch,
    revocations: RevocationService,
    upgrades: UpgradeService,
    retirement: Retirement,
    replica: str,
) -> Upkeep:
    """What is kept in this process's memory is kept up everywhere; what is in the database, by one replica."""
    retention = Retention(store)
    everywhere: Tasks = {
        "write sightings": (timedelta(seconds=2), sightings.flush),
        "reread views": (timedelta(seconds=5), feed.reread),
        "read epoch": (timedelta(seconds=5), epoch.read),
    }
    once: Tasks = {
        "lapse leases": (timedelta(seconds=1), events.lapse_leases),
        "requeue due events": (timedelta(seconds=0.5), events.requeue_due),
        "purge answers": (timedelta(minutes=10), retention.purge_answers),
        "retention": (timedelta(hours=1), retention.purge),
        "expire upgrade credentials": (timedelta(seconds=10), upgrades.expire),
        "purge revocations": (timedelta(hours=1), revocations.purge),
        "retire unseen data planes": (timedelta(minutes=10), retirement.retire_unseen),
    }
    return Upkeep(everywhere, once, Leadership(store, replica))


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
