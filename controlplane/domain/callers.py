"""Who calls: a management key, a data plane, or nobody yet; and what each may reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class Role(IntEnum):
    """What a management key may do; a greater one may do everything that a smaller one may."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class ManagementCaller:
    """A person or program with a management key. An empty `workspace_ids` means every workspace of the tenant.

    `platform`: may make and list tenants. `origin`, of every caller: wire and address it calls from, for the audit.
    """

    key_id: str
    tenant_id: str
    role: Role
    workspace_ids: tuple[str, ...] = ()
    platform: bool = False
    origin: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class DataplaneCaller:
    """An enrolled data plane, proven by its own signature."""

    dataplane_id: str
    workspace_id: str
    origin: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class AnonymousCaller:
    """No credential was presented; only enrolment accepts it."""

    origin: str = field(default="", compare=False)


Caller = ManagementCaller | DataplaneCaller | AnonymousCaller
