"""Consumers' own backends, kept as one JSON list a set, since a set is only ever read and replaced whole."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from controlplane.domain.backends import Backend, BackendMode, BackendSet, Credential
from controlplane.store.rows import in_parts, to_row
from controlplane.store.tables import backend_sets
from controlplane.store.transaction import Transaction


class SqlBackends:
    """The port's Backends."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, workspace_id: str, user_id: str) -> BackendSet | None:
        """The set of that consumer."""
        columns = backend_sets.c
        query = select(backend_sets).where(columns.workspace_id == workspace_id, columns.user_id == user_id)
        row = await self._transaction.first(query)
        if row is None:
            return None
        kept = dict(row._mapping)
        mode, backends = kept.pop("mode"), json.loads(kept.pop("backends"))
        return BackendSet(
            **kept, mode=BackendMode(mode) if mode else None, backends=tuple(_backend(each) for each in backends)
        )

    async def users_with_backends(self, workspace_id: str, user_ids: Collection[str]) -> frozenset[str]:
        """Those that have a set."""
        found: set[str] = set()
        columns = backend_sets.c
        for part in in_parts(sorted(set(user_ids))):
            query = select(columns.user_id).where(columns.workspace_id == workspace_id, columns.user_id.in_(part))
            found.update(row.user_id for row in await self._transaction.rows(query))
        return frozenset(found)

    async def put(self, backends: BackendSet) -> None:
        """Replace the set."""
        mode = backends.mode.value if backends.mode else ""
        content = json.dumps([asdict(each) for each in backends.backends], default=datetime.isoformat).encode()
        await self._transaction.replace(backend_sets, to_row(backends, backend_sets, mode=mode, backends=content))

    async def drop(self, workspace_id: str, user_id: str) -> None:
        """Forget the set."""
        columns = backend_sets.c
        gone = (columns.workspace_id == workspace_id) & (columns.user_id == user_id)
        await self._transaction.change(delete(backend_sets).where(gone))


def _backend(kept: dict[str, Any]) -> Backend:
    credential = kept["credential"]
    created_at = datetime.fromisoformat(credential["created_at"])
    models = tuple(kept["models"])
    return Backend(**{**kept, "models": models, "credential": Credential(**{**credential, "created_at": created_at})})
