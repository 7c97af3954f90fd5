"""Which periodic tasks there are, how often they run, and whether on every replica or on one."""

from __future__ import annotations

from datetime import timedelta

from controlplane.scheduler.leadership import Leadership
from controlplane.scheduler.upkeep import Tasks, Upkeep
from controlplane.services.epochs import Epoch
from controlplane.services.event_upkeep import EventUpkeep
from controlplane.services.feed import Feed
from controlplane.services.ports import Store
from controlplane.services.retention import Retention
from controlplane.services.retirement import Retirement
from controlplane.services.revocations import RevocationService
from controlplane.services.sightings import Sightings
from controlplane.services.upgrades import UpgradeService


def upkeep_of(
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
