"""Answers kept for 24 h, so that a request repeated under the same `request_id` is carried out once."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import timedelta

from controlplane.domain.errors import AlreadyExists, Changed
from controlplane.services.ports import StoredAnswer, UnitOfWork

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Who asked what under which id; `body_mac` is a keyed HMAC of the request without its id.

    `former_macs`: the same under former master keys, for answers kept before a rotation.
    """

    caller: str
    method: str
    request_id: str
    body_mac: bytes = field(repr=False)
    former_macs: tuple[bytes, ...] = field(default=(), repr=False)


async def repeated(work: UnitOfWork, request: RequestKey | None) -> bytes | None:
    """The stored answer of an earlier request of the same caller, method and id; None when this is the first.

    Raises AlreadyExists when the earlier one had another body.
    """
    if request is None:
        return None
    stored = await work.answers.get(request.caller, request.method, request.request_id)
    if stored is None:
        return None
    if not any(hmac.compare_digest(stored.body_mac, mac) for mac in (request.body_mac, *request.former_macs)):
        raise AlreadyExists(
            "this request_id was used within 24 h for another request: take a new one", reason="REQUEST_ID_REUSED"
        )
    return stored.answer


async def remember(work: UnitOfWork, request: RequestKey | None, answer: bytes) -> None:
    """Keep the answer in the same transaction as what it answers; it must hold no secret.

    Raises Changed when the same request was carried out in parallel; this one then changes nothing.
    """
    if request is not None:
        expires_at = await work.now() + KEPT_FOR
        stored = StoredAnswer(request.body_mac, answer)
        try:
            await work.answers.put(request.caller, request.method, request.request_id, stored, expires_at)
        except AlreadyExists:
            raise Changed(
                "a request with this request_id was answered meanwhile: send it again to get that answer",
                reason="REQUEST_IN_PARALLEL",
            ) from None
