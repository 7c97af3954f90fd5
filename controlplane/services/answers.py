"""Answers kept for 24 h, so that a request repeated under the same `request_id` is carried out once."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from controlplane.domain.errors import AlreadyExists, Changed
from controlplane.services.ports import StoredAnswer, UnitOfWork

KEPT_FOR = timedelta(hours=24)
KEPT_SHOWN = 1000  # characters


def _as_it_is(result: bytes) -> bytes:
    return result


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Who asked what under which id; `body_mac` is a keyed HMAC of the request without its id.

    `former_macs`: the same under former master keys, for answers kept before a rotation. `release_before_macs`: by
    which the release before this one knew the same request. `encode` makes the answer that is kept from the use case's
    result; it leaves out what is shown once.
    """

    caller: str
    method: str
    request_id: str
    body_mac: bytes = field(repr=False)
    former_macs: tuple[bytes, ...] = field(default=(), repr=False)
    release_before_macs: Callable[[], tuple[bytes, ...]] = field(default=tuple, repr=False)
    encode: Callable[[Any], bytes] = field(default=_as_it_is, repr=False)


class AnsweredBefore(Exception):
    """Not an error: ends a use case whose request was answered before, and brings that answer as it was kept."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self.answer = answer


async def first_time(work: UnitOfWork, request: RequestKey | None) -> None:
    """Go on only with a request that was not answered yet. Call it where the caller is known to be allowed to ask.

    Raises AnsweredBefore; AlreadyExists when the earlier request had another body, or was answered by the release
    before; Changed when the same one is being carried out in parallel.
    """
    if request is not None and not await work.answers.claim(request.caller, request.method, request.request_id):
        raise _in_parallel()
    answer = await repeated(work, request)
    if answer is not None:
        raise AnsweredBefore(answer)


async def repeated(work: UnitOfWork, request: RequestKey | None, *, kept_alike: bool = False) -> bytes | None:
    """The stored answer of an earlier request of the same caller, method and id; None when this is the first.

    `kept_alike`: the release before kept the same. Raises AlreadyExists when the earlier one had another body, or its
    answer was kept in a form that is not this release's.
    """
    if request is None:
        return None
    stored = await work.answers.get(request.caller, request.method, request.request_id)
    if stored is None:
        return None
    if _is_one_of((request.body_mac, *request.former_macs), stored):
        return stored.answer
    if _is_one_of(request.release_before_macs(), stored):
        if kept_alike:
            return stored.answer
        raise _before_the_upgrade(stored)
    raise AlreadyExists(
        "this request_id was used within 24 h for another request: take a new one", reason="REQUEST_ID_REUSED"
    )


def _is_one_of(macs: Iterable[bytes], stored: StoredAnswer) -> bool:
    return any(hmac.compare_digest(stored.body_mac, mac) for mac in macs)


def _before_the_upgrade(stored: StoredAnswer) -> AlreadyExists:
    """The release before kept ids and numbers, in the metadata now, and made the rest of the answer of what was stored
    at the time of the repetition."""
    return AlreadyExists(
        "this request was carried out before the control plane was upgraded, and its answer cannot be given again: "
        "read what it changed, and do not send it under another request_id",
        reason="ANSWERED_BEFORE_UPGRADE",
        metadata={"kept": stored.answer.decode(errors="replace")[:KEPT_SHOWN]},
    )


async def remember(work: UnitOfWork, request: RequestKey | None, result: Any) -> None:
    """Keep the answer in the same transaction as what it answers.

    Raises Changed when the same request was carried out in parallel; this one then changes nothing.
    """
    if request is not None:
        expires_at = await work.now() + KEPT_FOR
        stored = StoredAnswer(request.body_mac, request.encode(result))
        try:
            await work.answers.put(request.caller, request.method, request.request_id, stored, expires_at)
        except AlreadyExists:
            raise _in_parallel() from None


def _in_parallel() -> Changed:
    return Changed(
        "a request with this request_id is under way: send it again to get its answer", reason="REQUEST_IN_PARALLEL"
    )
