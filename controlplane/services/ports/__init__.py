"""What the use cases need from outside: a transactional store, a vault, ids, randomness and the clock."""

from controlplane.services.ports.audit import Audit, AuditFilter
from controlplane.services.ports.backends import Backends
from controlplane.services.ports.credentials import (
    AgentVerifier,
    Mint,
    NewGatekeeperKey,
    NewSecret,
    Vault,
)
from controlplane.services.ports.documents import Documents, DocumentVersions
from controlplane.services.ports.events import Events, EventsToProcess, WaitingEvent
from controlplane.services.ports.givens import (
    Clock,
    Ids,
    Random,
)
from controlplane.services.ports.repositories import (
    Answers,
    ConfigurationFilter,
    Configurations,
    Dataplanes,
    Keys,
    Secrets,
    Sighting,
    StoredAnswer,
    Values,
    Workspaces,
)
from controlplane.services.ports.revocations import Revocations
from controlplane.services.ports.sealed import Sealed
from controlplane.services.ports.slots import Slots, SlotVersions
from controlplane.services.ports.store import (
    Made,
    Notice,
    Store,
    UnitOfWork,
)
from controlplane.services.ports.task_leases import FullSyncs, TaskLeases
from controlplane.services.ports.upgrades import Upgrades

__all__ = [
    "AgentVerifier",
    "Answers",
    "Audit",
    "AuditFilter",
    "Backends",
    "Clock",
    "ConfigurationFilter",
    "Configurations",
    "Dataplanes",
    "DocumentVersions",
    "Documents",
    "Events",
    "EventsToProcess",
    "FullSyncs",
    "Ids",
    "Keys",
    "Made",
    "Mint",
    "NewGatekeeperKey",
    "NewSecret",
    "Notice",
    "Random",
    "Revocations",
    "Sealed",
    "Secrets",
    "Sighting",
    "SlotVersions",
    "Slots",
    "Store",
    "StoredAnswer",
    "TaskLeases",
    "UnitOfWork",
    "Upgrades",
    "Values",
    "Vault",
    "WaitingEvent",
    "Workspaces",
]
