"""One transaction with every repository on it."""

from __future__ import annotations

from datetime import datetime

from controlplane.services import ports
from controlplane.store.repositories.answers import SqlAnswers
from controlplane.store.repositories.audit import SqlAudit
from controlplane.store.repositories.backends import SqlBackends
from controlplane.store.repositories.configurations import SqlConfigurations
from controlplane.store.repositories.dataplanes import SqlDataplanes
from controlplane.store.repositories.document_versions import SqlDocumentVersions
from controlplane.store.repositories.documents import SqlDocuments
from controlplane.store.repositories.events import SqlEvents
from controlplane.store.repositories.keys import SqlKeys
from controlplane.store.repositories.revocations import SqlRevocations
from controlplane.store.repositories.sealed import SqlSealed
from controlplane.store.repositories.secrets import SqlSecrets
from controlplane.store.repositories.slots import SqlSlots
from controlplane.store.repositories.task_leases import SqlFullSyncs, SqlTaskLeases
from controlplane.store.repositories.upgrades import SqlUpgrades
from controlplane.store.repositories.values import SqlValues
from controlplane.store.repositories.workspaces import SqlWorkspaces
from controlplane.store.transaction import Transaction


class SqlUnitOfWork:
    """The port's UnitOfWork; who opened it commits it."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.workspaces: ports.Workspaces = SqlWorkspaces(transaction)
        self.configurations: ports.Configurations = SqlConfigurations(transaction)
        self.values: ports.Values = SqlValues(transaction)
        self.revocations: ports.Revocations = SqlRevocations(transaction)
        self.backends: ports.Backends = SqlBackends(transaction)
        self.documents: ports.Documents = SqlDocuments(transaction)
        self.document_versions: ports.DocumentVersions = SqlDocumentVersions(transaction)
        self.secrets: ports.Secrets = SqlSecrets(transaction)
        self.dataplanes: ports.Dataplanes = SqlDataplanes(transaction)
        self.events: ports.Events = SqlEvents(transaction)
        self.slots: ports.Slots = SqlSlots(transaction)
        self.keys: ports.Keys = SqlKeys(transaction)
        self.answers: ports.Answers = SqlAnswers(transaction)
        self.sealed: ports.Sealed = SqlSealed(transaction)
        self.audit: ports.Audit = SqlAudit(transaction)
        self.task_leases: ports.TaskLeases = SqlTaskLeases(transaction)
        self.full_syncs: ports.FullSyncs = SqlFullSyncs(transaction)
        self.upgrades: ports.Upgrades = SqlUpgrades(transaction)

    async def now(self) -> datetime:
        """The store's time."""
        return await self._transaction.now()

    def announce(self, notice: ports.Notice) -> None:
        """Tell every replica after the commit."""
        self._transaction.announce(notice)
