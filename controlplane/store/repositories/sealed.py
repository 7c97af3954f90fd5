"""Everything that is sealed at rest under a master key."""

from __future__ import annotations

from sqlalchemy import func, select, tuple_, update

from controlplane.domain.secrets import GatekeeperKey, StoredDeliveryKey, StoredSecret
from controlplane.store.rows import from_row
from controlplane.store.tables import delivery_keys, gatekeeper_keys, secrets
from controlplane.store.transaction import Transaction

TABLES = (secrets, delivery_keys, gatekeeper_keys)


class SqlSealed:
    """The port's Sealed."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def count(self) -> int:
        """Of all three kinds."""
        counted = 0
        for table in TABLES:
            row = await self._transaction.first(select(func.count().label("rows")).select_from(table))
            counted += int(row.rows) if row else 0
        return counted

    async def secrets(self, after: tuple[str, str, int], limit: int) -> list[StoredSecret]:
        """By (workspace, name, version)."""
        key = tuple_(secrets.c.workspace_id, secrets.c.name, secrets.c.version)
        query = select(secrets).where(key > after).order_by(*key.clauses).limit(limit)
        return [from_row(StoredSecret, row) for row in await self._transaction.held(query, skip_locked=True)]

    async def delivery_keys(self, after: str, limit: int) -> list[StoredDeliveryKey]:
        """By id."""
        query = select(delivery_keys).where(delivery_keys.c.id > after).order_by(delivery_keys.c.id).limit(limit)
        return [from_row(StoredDeliveryKey, row) for row in await self._transaction.held(query, skip_locked=True)]

    async def gatekeeper_keys(self, after: str, limit: int) -> list[GatekeeperKey]:
        """By kid."""
        columns = gatekeeper_keys.c
        query = select(gatekeeper_keys).where(columns.kid > after).order_by(columns.kid).limit(limit)
        return [from_row(GatekeeperKey, row) for row in await self._transaction.held(query, skip_locked=True)]

    async def reseal_secret(self, secret: StoredSecret) -> None:
        """`sealed` and `mac`."""
        columns = secrets.c
        whose = (columns.workspace_id == secret.workspace_id) & (columns.name == secret.name)
        statement = update(secrets).where(whose, columns.version == secret.version)
        await self._transaction.change(statement.values(sealed=secret.sealed, mac=secret.mac))

    async def reseal_delivery_key(self, key: StoredDeliveryKey) -> None:
        """`sealed`."""
        statement = update(delivery_keys).where(delivery_keys.c.id == key.id)
        await self._transaction.change(statement.values(sealed=key.sealed))

    async def reseal_gatekeeper_key(self, key: GatekeeperKey) -> None:
        """`sealed_private`."""
        statement = update(gatekeeper_keys).where(gatekeeper_keys.c.kid == key.kid)
        await self._transaction.change(statement.values(sealed_private=key.sealed_private))
