"""Answers kept for repeated requests."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import delete, select

from controlplane.domain.errors import AlreadyExists
from controlplane.services.ports import StoredAnswer
from controlplane.store.rows import from_row
from controlplane.store.tables import answers
from controlplane.store.transaction import Transaction


class SqlAnswers:
    """The port's Answers."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def claim(self, caller: str, method: str, request_id: str) -> bool:
        """Hold the id until the transaction ends; False when another one holds it."""
        return await self._transaction.claim(json.dumps([caller, method, request_id]))

    async def get(self, caller: str, method: str, request_id: str) -> StoredAnswer | None:
        """The answer of an earlier request with this id, until it is purged."""
        query = select(answers.c.body_mac, answers.c.answer).where(
            answers.c.caller == caller, answers.c.method == method, answers.c.request_id == request_id
        )
        row = await self._transaction.first(query)
        return from_row(StoredAnswer, row) if row else None

    async def put(self, caller: str, method: str, request_id: str, answer: StoredAnswer, expires_at: datetime) -> None:
        """Raises AlreadyExists when another transaction put one first, once that one has committed."""
        row = {
            "caller": caller,
            "method": method,
            "request_id": request_id,
            "body_mac": answer.body_mac,
            "answer": answer.answer,
            "expires_at": expires_at,
        }
        if not await self._transaction.insert_new(answers, row):
            raise AlreadyExists(
                "another request with this request_id was answered first; send it again to get the answer"
            )

    async def purge(self, now: datetime) -> None:
        """Forget what has expired."""
        await self._transaction.change(delete(answers).where(answers.c.expires_at <= now))
