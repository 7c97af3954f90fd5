"""A control plane that ends before what is under way: an outage, told as one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from controlplane import server
from controlplane.services.documents import DocumentService
from controlplane.store import migrate
from tests.contract.wires.clients import open_api
from tests.contract.wires.people import new_tenant
from tests.contract.wires.refusals import Refused
from tests.contract.wires.running import running
from tests.fakes.stores import sqlite_url


@pytest.mark.parametrize("wire", ["connect", "json"])
async def test_what_a_drain_cannot_wait_for_is_told_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wire: str
) -> None:
    migrate(sqlite_url(tmp_path / "store.db"))
    monkeypatch.setattr(server, "DRAIN_SECONDS", 1)
    under_way = asyncio.Event()

    async def takes_long(*_arguments: Any) -> None:
        under_way.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(DocumentService, "put", takes_long)
    async with running(sqlite_url(tmp_path / "store.db"), tmp_path) as plane:
        api = open_api(wire, plane.grpc, plane.url)
        tenant = await new_tenant(api, plane)
        put = asyncio.create_task(tenant.put())
        await under_way.wait()

    with pytest.raises(Refused) as refused:
        await put
    await api.close()
    assert (refused.value.code, refused.value.reason) == ("UNAVAILABLE", "STORE_UNAVAILABLE")
    assert refused.value.retry_after.total_seconds() > 0
