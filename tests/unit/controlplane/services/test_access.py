"""Who reaches which workspace: own, only, named; and that foreign and unknown are one answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from controlplane.domain.callers import AnonymousCaller, Caller, DataplaneCaller, ManagementCaller, Role
from controlplane.domain.errors import DomainError, InvalidInput, NotFound, PermissionRefused, Unauthenticated
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_dataplane, require_management, require_role, sees

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MINE, ALSO_MINE, FOREIGN = (
    Workspace(f"ws_{number}", tenant, f"w{number}", 0, 0, NOW)
    for number, tenant in ((1, "tn_1"), (2, "tn_1"), (3, "tn_2"))
)


class Workspaces:
    """The rows that there are."""

    def __init__(self, *rows: Workspace) -> None:
        self.rows = {row.id: row for row in rows}

    async def get(self, workspace_id: str) -> Workspace | None:
        return self.rows.get(workspace_id)

    async def page(self, tenant_id: str, ids: Any, after: str, limit: int) -> list[Workspace]:
        rows = [row for row in self.rows.values() if row.tenant_id == tenant_id and (ids is None or row.id in ids)]
        return [row for row in rows if row.id > after][:limit]


class Work:
    """As much of a unit of work as is asked for."""

    def __init__(self, *rows: Workspace) -> None:
        self.workspaces = Workspaces(*rows)


def key(role: Role = Role.VIEWER, *workspace_ids: str) -> ManagementCaller:
    """A key of the first tenant."""
    return ManagementCaller("mk_1", "tn_1", role, workspace_ids)


AGENT = DataplaneCaller("dp_1", MINE.id)


async def reach(caller: Caller, workspace_id: str = "", role: Role = Role.VIEWER, *rows: Workspace) -> Any:
    """The id reached, or the refusal."""
    work: Any = Work(*(rows or (MINE, ALSO_MINE, FOREIGN)))
    try:
        return (await reach_workspace(work, caller, workspace_id, role)).id
    except DomainError as refused:
        return refused


async def test_a_named_workspace_is_reached_if_the_key_sees_it() -> None:
    assert await reach(key(), MINE.id) == MINE.id
    assert await reach(key(Role.VIEWER, ALSO_MINE.id), ALSO_MINE.id) == ALSO_MINE.id


async def test_foreign_unknown_and_unscoped_ones_are_answered_in_the_same_words() -> None:
    refusals = [
        await reach(key(), FOREIGN.id),
        await reach(key(), "ws_nowhere"),
        await reach(key(Role.ADMIN, ALSO_MINE.id), MINE.id),
        await reach(AGENT, ALSO_MINE.id),
        await reach(AGENT, "ws_nowhere"),
        await reach(key(), "", Role.VIEWER, FOREIGN),
    ]

    assert {type(each) for each in refusals} == {NotFound}
    assert len({each.message for each in refusals}) == 1


async def test_a_key_that_sees_one_implies_it_and_one_that_sees_several_is_told_which() -> None:
    assert await reach(key(Role.VIEWER, MINE.id)) == MINE.id
    assert await reach(key(), "", Role.VIEWER, MINE, FOREIGN) == MINE.id

    refused = await reach(key())

    assert isinstance(refused, InvalidInput)
    assert MINE.id in refused.faults[0].message
    assert FOREIGN.id not in refused.faults[0].message


async def test_only_who_may_read_is_told_that_the_role_is_too_small() -> None:
    assert isinstance(await reach(key(Role.VIEWER), MINE.id, Role.OPERATOR), PermissionRefused)
    assert isinstance(await reach(key(Role.VIEWER), FOREIGN.id, Role.OPERATOR), NotFound)


async def test_a_data_plane_reaches_its_own() -> None:
    assert await reach(AGENT) == MINE.id
    assert await reach(AGENT, MINE.id) == MINE.id


@pytest.mark.parametrize("has", list(Role))
@pytest.mark.parametrize("needs", list(Role))
def test_a_greater_role_may_do_what_a_smaller_one_may(has: Role, needs: Role) -> None:
    if has >= needs:
        require_role(key(has), needs)
    else:
        with pytest.raises(PermissionRefused, match=needs.name.lower()):
            require_role(key(has), needs)


def test_each_kind_of_caller_is_held_to_its_kind() -> None:
    assert require_management(key()) == key()
    assert require_dataplane(AGENT) == AGENT
    for require, other in ((require_management, AGENT), (require_dataplane, key())):
        with pytest.raises(PermissionRefused):
            require(other)
        with pytest.raises(Unauthenticated) as refused:
            require(AnonymousCaller())
        assert refused.value.reason == "TOKEN_MISSING"


def test_a_scope_is_within_the_tenant() -> None:
    assert sees(key(), MINE)
    assert not sees(key(Role.ADMIN, FOREIGN.id), FOREIGN)
    assert not sees(key(Role.ADMIN, ALSO_MINE.id), MINE)
