"""Secrets and keys, which come here sealed and leave sealed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, tuple_, update

from controlplane.domain.secrets import GatekeeperKey, StoredDeliveryKey, StoredSecret
from controlplane.store.rows import from_row, in_parts, to_row
from controlplane.store.tables import delivery_keys, gatekeeper_keys, sealed_delivery_keys, secrets
from controlplane.store.transaction import Transaction

SCHEME = "secret://"


class SqlSecrets:
    """The port's Secrets."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def newest(self, workspace_id: str, name: str) -> StoredSecret | None:
        """The newest version of that name."""
        query = select(secrets).where(secrets.c.workspace_id == workspace_id, secrets.c.name == name)
        row = await self._transaction.first(query.order_by(secrets.c.version.desc()).limit(1))
        return from_row(StoredSecret, row) if row else None

    async def newest_of(self, workspace_id: str, names: Collection[str]) -> Mapping[str, StoredSecret]:
        """The newest version of each name, by name."""
        found: dict[str, StoredSecret] = {}
        for part in in_parts(list(set(names))):
            newest = (
                select(secrets.c.name, func.max(secrets.c.version))
                .where(secrets.c.workspace_id == workspace_id, secrets.c.name.in_(part))
                .group_by(secrets.c.name)
            )
            for secret in await self._where(workspace_id, tuple_(secrets.c.name, secrets.c.version).in_(newest)):
                found[secret.name] = secret
        return found

    async def add(self, secret: StoredSecret) -> None:
        """Store a version."""
        await self._transaction.insert(secrets, to_row(secret, secrets))

    async def versions_under(self, workspace_id: str, prefix: str) -> list[tuple[str, int]]:
        """Text is in byte order, so what begins with the prefix lies together."""
        name, version = secrets.c.name, secrets.c.version
        beyond = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        query = select(name, version).where(secrets.c.workspace_id == workspace_id, name >= prefix, name < beyond)
        return [(row.name, row.version) for row in await self._transaction.rows(query.order_by(name, version))]

    async def versions_after(self, after: tuple[str, str, int], limit: int) -> list[tuple[str, str, int]]:
        """By (workspace, name, version), none of what is sealed."""
        key = tuple_(secrets.c.workspace_id, secrets.c.name, secrets.c.version)
        query = select(*key.clauses).where(key > after).order_by(*key.clauses).limit(limit)
        return [(row.workspace_id, row.name, row.version) for row in await self._transaction.rows(query)]

    async def drop(self, workspace_id: str, versions: Collection[tuple[str, int]]) -> None:
        """By name and version."""
        for part in in_parts(sorted(set(versions))):
            gone = (secrets.c.workspace_id == workspace_id) & tuple_(secrets.c.name, secrets.c.version).in_(part)
            await self._transaction.change(delete(secrets).where(gone))

    async def by_refs(self, workspace_id: str, refs: Collection[str]) -> Mapping[str, StoredSecret]:
        """By `secret://<name>@<version>`; what is no such reference is not found."""
        versions = sorted(filter(None, map(_named_version, set(refs))))
        found: dict[str, StoredSecret] = {}
        for part in in_parts(versions):
            for secret in await self._where(workspace_id, tuple_(secrets.c.name, secrets.c.version).in_(part)):
                found[secret.ref] = secret
        return {ref: secret for ref, secret in found.items() if ref in refs}

    async def add_delivery_key(self, key: StoredDeliveryKey) -> None:
        """Store one more."""
        await self._transaction.insert(delivery_keys, to_row(key, delivery_keys))

    async def delivery_keys(self, workspace_id: str) -> list[StoredDeliveryKey]:
        """Oldest first; the last one encrypts new secrets."""
        query = select(delivery_keys).where(delivery_keys.c.workspace_id == workspace_id)
        rows = await self._transaction.rows(query.order_by(delivery_keys.c.created_at, delivery_keys.c.id))
        return [from_row(StoredDeliveryKey, row) for row in rows]

    async def add_sealed_delivery_key(self, dataplane_id: str, key_id: str, sealed: bytes) -> None:
        """Keep a delivery key as sealed to one data plane; adding it again replaces it."""
        row = {"dataplane_id": dataplane_id, "key_id": key_id, "sealed": sealed}
        await self._transaction.replace(sealed_delivery_keys, row)

    async def sealed_delivery_keys(self, dataplane_ids: Collection[str]) -> Mapping[str, Mapping[str, bytes]]:
        """By data plane and key id; a data plane without any is absent."""
        found: dict[str, dict[str, bytes]] = {}
        for part in in_parts(list(dataplane_ids)):
            query = select(sealed_delivery_keys).where(sealed_delivery_keys.c.dataplane_id.in_(part))
            for row in await self._transaction.rows(query):
                found.setdefault(row.dataplane_id, {})[row.key_id] = row.sealed
        return found

    async def add_gatekeeper_key(self, key: GatekeeperKey) -> None:
        """Store one more."""
        await self._transaction.insert(gatekeeper_keys, to_row(key, gatekeeper_keys))

    async def gatekeeper_keys(self, workspace_id: str) -> list[GatekeeperKey]:
        """Those not retired, oldest first; the last one signs."""
        columns = gatekeeper_keys.c
        query = select(gatekeeper_keys).where(columns.workspace_id == workspace_id, columns.retired_at.is_(None))
        rows = await self._transaction.rows(query.order_by(columns.created_at, columns.kid))
        return [from_row(GatekeeperKey, row) for row in rows]

    async def retire_gatekeeper_key(self, kid: str, retired_at: datetime) -> None:
        """Keeps the first time when called twice."""
        unretired = (gatekeeper_keys.c.kid == kid) & gatekeeper_keys.c.retired_at.is_(None)
        await self._transaction.change(update(gatekeeper_keys).where(unretired).values(retired_at=retired_at))

    async def under_other_keys(self, workspace_id: str, delivery_key_id: str) -> list[StoredSecret]:
        """Versions whose delivered form is under another delivery key."""
        return await self._where(workspace_id, secrets.c.delivery_key_id != delivery_key_id)

    async def redeliver(self, secret: StoredSecret) -> None:
        """Replace what is delivered of a version, and the name of the key it is under."""
        columns = secrets.c
        whose = (columns.workspace_id == secret.workspace_id) & (columns.name == secret.name)
        statement = update(secrets).where(whose, columns.version == secret.version)
        values = {"delivery_key_id": secret.delivery_key_id, "delivered": secret.delivered}
        await self._transaction.change(statement.values(values))

    async def _where(self, workspace_id: str, condition: ColumnElement[bool]) -> list[StoredSecret]:
        query = select(secrets).where(secrets.c.workspace_id == workspace_id, condition)
        return [from_row(StoredSecret, row) for row in await self._transaction.rows(query)]


def _named_version(ref: str) -> tuple[str, int] | None:
    name, at, version = ref.removeprefix(SCHEME).rpartition("@")
    if not ref.startswith(SCHEME) or not at or not (version.isascii() and version.isdigit()) or len(version) > 18:
        return None
    return name, int(version)
