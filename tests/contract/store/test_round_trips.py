"""Whatever text, bytes and times are stored come back unchanged, statements of an attacker's among them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controlplane.domain.dataplanes import AgentReport, Boot, RejectedVersion
from controlplane.domain.documents import SourceDocument
from controlplane.domain.events import Event, EventStatus
from controlplane.domain.workspaces import Tenant, Workspace
from controlplane.store import SqlStore
from tests.contract.store.nouns import NOW, configuration, dataplane, event, join_token, management_key, slot_state

ATTACKS = (
    "'; DROP TABLE tenants; --",
    '"; DROP TABLE tenants; --',
    "' OR '1'='1",
    "%s %(name)s {} ${x} :name ? $1",
    "\\'; SELECT pg_sleep(30); --",
    "%_*[a-z]",
    "\x01\x1b[31m\u202e\ufeff\U0010ffff",
    " leading, trailing\n\r\t ",
)
TEXT = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40),
)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=11))])
TIMES = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=ZONES)  # noqa: DTZ001 - a zone is added
NUMBERS = itertools.count()

property_test = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@property_test
@given(name=TEXT, reason=TEXT, user=TEXT)
async def test_any_text_of_people_comes_back(store: SqlStore, name: str, reason: str, user: str) -> None:
    number = next(NUMBERS)
    tenant = Tenant(f"tn_{number} {name}", f"{name} {number}", NOW)
    workspace = Workspace(f"ws_{number} {name}", tenant.id, reason, 0, 0, NOW)
    stored = configuration(
        1, 1, user, workspace_id=workspace.id, reason=reason, secret_refs=(name, reason), digest=name
    )
    key = management_key(f"mk_{number}", tenant_id=tenant.id, name=name, workspace_ids=(name,), token_hash=tenant.id)
    async with store.unit_of_work() as work:
        await work.workspaces.add_tenant(tenant)
        await work.workspaces.add(workspace)
        await work.configurations.add(stored)
        await work.keys.add_management_key(key)

    async with store.reading() as work:
        assert await work.workspaces.tenant_by_name(tenant.name) == tenant
        assert await work.workspaces.by_name(tenant.id, reason) == workspace
        assert await work.configurations.newest(workspace.id, user) == stored
        assert await work.configurations.versions_at(workspace.id, 1, [user]) == {user: 1}
        assert await work.keys.management_key_by_hash(tenant.id) == key


@property_test
@given(slot=TEXT, error=TEXT, content=st.binary(max_size=100))
async def test_anything_an_agent_says_comes_back(store: SqlStore, slot: str, error: str, content: bytes) -> None:
    number = next(NUMBERS)
    report = AgentReport(slot, error, rejected=(RejectedVersion(slot, 1, error),), warnings=(error, slot))
    seen = dataplane(f"dp_{number}x", group=slot, name=error, boot=Boot(1, error), report=report, signing_key=content)
    finished: Event = event(
        number, slot, seen.id, status=EventStatus.FAILED, error=error, payload=content, proof=content, user_id=error
    )
    state = slot_state(seen.id, slot, rejected_reason=error, proof=content, applied_digest=error)
    token = join_token(f"jt_{number}", group=slot, token_hash=f"{number}{error}")
    async with store.unit_of_work() as work:
        await work.dataplanes.add(seen)
        await work.events.add([finished])
        await work.dataplanes.put_slot_state(state)
        await work.dataplanes.add_join_token(token)

    async with store.reading() as work:
        assert await work.dataplanes.get(seen.id) == seen
        assert await work.events.page("ws_1", seen.id, slot, "", 9, finished=True) == [finished]
        assert await work.dataplanes.slot_state(seen.id, slot) == state
        assert await work.dataplanes.join_token_by_hash(token.token_hash) == token


@property_test
@given(time=TIMES, content=st.binary(max_size=200))
async def test_any_time_comes_back_as_the_same_instant_in_utc(store: SqlStore, time: datetime, content: bytes) -> None:
    document = SourceDocument("ws_1", f"user {next(NUMBERS)}", content, "etag", 1, time)
    async with store.unit_of_work() as work:
        await work.documents.put(document)

    async with store.reading() as work:
        found = await work.documents.get("ws_1", document.user_id)

    assert found == document
    assert found.updated_at.tzinfo is UTC
