"""A repeated request is known by its body, also under the master key before this one, on both databases."""

from __future__ import annotations

import pytest

from controlplane.domain.errors import AlreadyExists
from controlplane.services.answers import AnsweredBefore, RequestKey, first_time, remember
from controlplane.store import SqlStore


async def answered(store: SqlStore, request: RequestKey) -> bytes:
    """What a second request is answered; empty when it is the first."""
    async with store.unit_of_work() as work:
        try:
            await first_time(work, request)
        except AnsweredBefore as before:
            return before.answer
        return b""


async def asked(store: SqlStore, mac: bytes) -> None:
    async with store.unit_of_work() as work:
        request = RequestKey("mk_1", "Put", "once", mac)
        await first_time(work, request)
        await remember(work, request, b"the answer")


async def test_a_repeated_request_is_given_the_answer_that_was_kept(store: SqlStore) -> None:
    await asked(store, b"of-the-body")

    assert await answered(store, RequestKey("mk_1", "Put", "once", b"of-the-body")) == b"the answer"
    assert await answered(store, RequestKey("mk_2", "Put", "once", b"of-the-body")) == b""


async def test_an_answer_that_was_kept_under_a_former_master_key_is_found(store: SqlStore) -> None:
    await asked(store, b"under-the-former-key")

    again = RequestKey("mk_1", "Put", "once", b"under-the-new-key", (b"under-another", b"under-the-former-key"))

    assert await answered(store, again) == b"the answer"


async def test_another_request_under_the_same_id_is_refused(store: SqlStore) -> None:
    await asked(store, b"of-the-body")

    with pytest.raises(AlreadyExists) as refused:
        await answered(store, RequestKey("mk_1", "Put", "once", b"of-another", (b"of-another-still",)))

    assert refused.value.reason == "REQUEST_ID_REUSED"
