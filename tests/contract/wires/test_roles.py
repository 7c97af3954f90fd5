"""The matrix: every RPC × every caller × own, foreign and unknown ids, each ending with exactly the documented code.

Which role an RPC needs stands in samples.py and, for people, in docs/ROLES.md, which is written from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from contract.agent_tokens import make_agent_token
from tests.contract.wires.acts import submitted_upgrade
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.procedures import Procedure, procedure_of, procedures
from tests.contract.wires.refusals import Refused
from tests.contract.wires.samples import ADMIN, OPERATOR, UNKNOWN, VIEWER, Sample, samples
from tests.golden_files import Golden

PAGE = Path(__file__).parents[3] / "docs" / "ROLES.md"
ROLE_NAMES = {VIEWER: "viewer", OPERATOR: "operator", ADMIN: "admin"}
TARGETS = ("workspace_id", "workspace_ids", "dataplane_id", "event_id", "upgrade_event_id", "key_id", "join_token_id")
# The role is asked for before the id is looked at: what they name belongs to the tenant as a whole.
ROLE_FIRST = frozenset({"CreateManagementKey", "RevokeManagementKey", "ListAuditRecords"})
# They need a key that sees the whole tenant.
WHOLE_TENANT = frozenset({"CreateWorkspace", "VerifyAudit"})
# What is done to the objects themselves comes last, so that others find them as they were.
LAST = ("RevokeDataplane", "RevokeManagementKey")
# Beside OK, how a call ends that is allowed but finds nothing to do, or the object in another state.
MAY_END = {
    "CompleteEvent": {"INVALID_ARGUMENT"},  # of a version that does not exist
    "RetireGatekeeperKey": {"INVALID_ARGUMENT"},  # of a key that there is not
    "TriggerUpdate": {"FAILED_PRECONDITION"},  # nothing was put yet
    "GetDocument": {"NOT_FOUND"},
    "RollbackDocument": {"NOT_FOUND"},  # there is no earlier version
    "ReplayEvent": {"FAILED_PRECONDITION"},  # of an event that is no dead letter
    "DeleteBYOKBackends": {"NOT_FOUND"},
    "CreateWorkspace": {"ALREADY_EXISTS"},
    "CreateTenant": {"ALREADY_EXISTS"},
    "SubmitDataplaneUpgradeCredentials": {"FAILED_PRECONDITION"},
    "RollbackDataplaneUpgrade": {"FAILED_PRECONDITION"},
    "GetDataplaneUpgradeCredentials": {"NOT_FOUND"},
}


@dataclass(frozen=True, slots=True)
class Caller:
    """`role` None: a data plane, or nobody. `reason`: of the refusal whatever is called, for those with no way in.

    `sees`: the subject's workspace; `owns`: the subject's data plane; `wide`: the whole tenant.
    """

    name: str
    bearer: str
    role: Any = None
    reason: str = ""
    sees: bool = False
    owns: bool = False
    wide: bool = False
    platform: bool = False

    def expects(self, sample: Sample, targets: set[str], *, known: bool) -> tuple[str, str]:
        """Code and reason, empty when any will do; `known`: whether the ids are the subject's, or nobody's at all."""
        if self.reason:
            return "UNAUTHENTICATED", self.reason
        wanted = sample.dataplane if self.role is None else sample.role is not None
        if not wanted:
            return "PERMISSION_DENIED", "CALLER_KIND"
        reached = not targets or (known and self._reaches(targets))
        if not reached and sample.name not in ROLE_FIRST:
            return "NOT_FOUND", "NOT_FOUND"
        if self.role is not None and self.role < sample.role:
            return "PERMISSION_DENIED", "ROLE_TOO_SMALL"
        if not reached:
            return "NOT_FOUND", "NOT_FOUND"
        if sample.platform and not self.platform:
            return "PERMISSION_DENIED", "PLATFORM_KEY_NEEDED"
        if sample.name in WHOLE_TENANT and not self.wide:
            return "PERMISSION_DENIED", "SCOPE_TOO_SMALL"
        return sample.ends

    def _reaches(self, targets: set[str]) -> bool:
        if self.role is None and targets & {"dataplane_id", "event_id", "upgrade_event_id"}:
            return self.owns
        return self.sees


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose ids are called with."""

    agent: Agent
    event_id: str
    key_id: str
    upgrade_id: str
    join_token_id: str

    def samples(self) -> list[Sample]:
        """Of every RPC, with its ids."""
        agent = self.agent
        ids = (agent.workspace_id, agent.id, self.event_id, self.key_id, self.upgrade_id, self.join_token_id)
        return _ordered(samples(*ids))


def _ordered(given: tuple[Sample, ...]) -> list[Sample]:
    return sorted(given, key=lambda sample: sample.name in LAST)


async def a_subject(tenant: Tenant) -> Subject:
    """A data plane of the tenant's with an event and an upgrade, a key and a join token."""
    agent = await tenant.enrol()
    await tenant.noticed()
    (event,) = await agent.pending()
    upgrade_id = await submitted_upgrade(tenant, agent)
    request = management_keys.CreateManagementKeyRequest(name="victim", role=VIEWER, workspace_ids=[tenant.id])
    token = await tenant.call(dataplanes.CreateJoinTokenRequest(workspace_id=tenant.id))
    return Subject(agent, event.id, (await tenant.call(request)).key.id, upgrade_id, token.id)


async def callers(tenant: Tenant, stranger: Tenant, subject: Subject) -> list[Caller]:
    """Everybody there is; those who may do most come last."""
    more = await tenant.another_workspace()
    return [
        Caller("nobody", "", reason="TOKEN_MISSING"),
        Caller("somebody with nonsense", "nonsense", reason="TOKEN_MALFORMED"),
        Caller("an unknown key", "ak-" + "x" * 43, reason="TOKEN_UNKNOWN_KEY"),
        Caller("a revoked key", await _revoked_key(tenant), reason="TOKEN_UNKNOWN_KEY"),
        Caller("a revoked data plane", await _revoked_dataplane(tenant), reason="DATAPLANE_REVOKED"),
        Caller("an expired token", _expired(subject.agent), reason="TOKEN_EXPIRED"),
        Caller("another tenant's admin", await stranger.key(ADMIN), role=ADMIN, wide=True),
        Caller("another tenant's platform key", stranger.admin, role=ADMIN, wide=True, platform=True),
        Caller("an admin of another workspace", await tenant.key(ADMIN, more), role=ADMIN),
        Caller("another tenant's data plane", (await stranger.enrol()).token),
        Caller("another workspace's data plane", (await _enrolled_in(tenant, more)).token),
        Caller("another data plane of the workspace", (await tenant.enrol()).token, sees=True),
        Caller("the data plane", subject.agent.token, sees=True, owns=True),
        Caller("a viewer", await tenant.key(VIEWER), role=VIEWER, sees=True, wide=True),
        Caller("an operator", await tenant.key(OPERATOR), role=OPERATOR, sees=True, wide=True),
        Caller("an admin of the workspace", await tenant.key(ADMIN, tenant.id), role=ADMIN, sees=True),
        Caller("an admin", await tenant.key(ADMIN), role=ADMIN, sees=True, wide=True),
        Caller("a platform key", tenant.admin, role=ADMIN, sees=True, wide=True, platform=True),
    ]


async def test_every_call_ends_with_exactly_the_documented_code(tenant: Tenant, stranger: Tenant) -> None:
    subject = await a_subject(tenant)
    wrong = []

    for caller in await callers(tenant, stranger, subject):
        if caller.sees and caller.role == ADMIN:  # the admin before left nothing of it
            subject = await a_subject(tenant)
        unknowns = {sample.name: sample for sample in _ordered(samples(UNKNOWN))}
        for sample in subject.samples():
            targets = _targets(sample.request)
            known = await ended(tenant, sample.request, caller.bearer)
            wrong += _difference(caller, sample, known, caller.expects(sample, targets, known=True))
            if targets:
                unknown = await ended(tenant, unknowns[sample.name].request, caller.bearer)
                wrong += _difference(caller, sample, unknown, caller.expects(sample, targets, known=False))
                if known.code == "NOT_FOUND" and not (caller.sees and caller.role):
                    assert _without_ids(known, subject) == _without_ids(unknown, subject), (caller.name, sample.name)

    assert not wrong, "\n".join(wrong)


async def test_every_rpc_has_its_place_in_the_matrix() -> None:
    """An RPC that nobody said who may call it fails here."""
    sampled = {procedure_of(type(sample.request)).path for sample in samples(UNKNOWN)}

    assert {each.path for each in procedures()} - sampled == {
        "/agentrouter.management.v1.DataplaneService/EnrollDataplane"
    }


async def test_the_page_for_people_says_the_same(golden: Golden) -> None:
    golden.check(PAGE, _page())


async def ended(tenant: Tenant, request: Any, bearer: str) -> Refused:
    """How the call ended; OK as a code when it was answered."""
    try:
        await tenant.api(request, bearer)
    except Refused as refused:
        return refused
    return Refused("OK", "", [])


def _difference(caller: Caller, sample: Sample, found: Refused, expected: tuple[str, str]) -> list[str]:
    code, reason = expected
    allowed = {code} | (MAY_END.get(sample.name, set()) if code == "OK" else set())
    if found.code in allowed and (not reason or found.reason == reason):
        return []
    return [f"{sample.name} by {caller.name}: {found} instead of {code} {reason}"]


def _targets(request: Any) -> set[str]:
    return {field.name for field, _ in request.ListFields() if field.name in TARGETS}


def _without_ids(found: Refused, subject: Subject) -> tuple[str, str]:
    """A message may repeat an id that was sent; nothing else may differ."""
    text = found.message
    for id_ in (subject.agent.workspace_id, subject.agent.id, subject.event_id, subject.key_id, subject.upgrade_id):
        text = text.replace(id_, UNKNOWN)
    return text, found.reason


async def _revoked_key(tenant: Tenant) -> str:
    made = await tenant.call(management_keys.CreateManagementKeyRequest(name="gone", role=ADMIN))
    await tenant.call(management_keys.RevokeManagementKeyRequest(key_id=made.key.id))
    return str(made.secret)


async def _revoked_dataplane(tenant: Tenant) -> str:
    agent = await tenant.enrol()
    await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=agent.id))
    return agent.token


def _expired(agent: Agent) -> str:
    now = agent.now() - timedelta(hours=1)
    return make_agent_token(agent.signing, dataplane_id=agent.id, workspace_id=agent.workspace_id, now=now)


async def _enrolled_in(tenant: Tenant, workspace_id: str) -> Agent:
    elsewhere = Tenant(tenant.api, tenant.running, tenant.tenant_id, workspace_id, tenant.admin)
    return await elsewhere.enrol()


def _page() -> str:
    by_path = {procedure_of(type(sample.request)).path: sample for sample in samples(UNKNOWN)}
    lines = [
        "# Who may call what",
        "",
        "Written by tests/contract/wires/test_roles.py, which also calls each of them as everybody; do not edit.",
        "",
        "A management key has a role, viewer < operator < admin, and sees its tenant, or only the workspaces it is",
        "scoped to. What a caller does not see is answered `NOT_FOUND`, in the same words as what does not exist; what",
        "it sees but may not do, `PERMISSION_DENIED` with the role that is needed; no credential or a bad one,",
        "`UNAUTHENTICATED`. A data plane sees its own workspace, and of events, upgrades and data planes its own.",
        "",
        "| RPC | management key | data plane |",
        "|---|---|---|",
    ]
    lines += [_row(procedure, by_path.get(procedure.path)) for procedure in procedures()]
    return "\n".join(lines) + "\n"


def _row(procedure: Procedure, sample: Sample | None) -> str:
    name = f"{procedure.service_name}/{procedure.name}"
    if sample is None:
        return f"| {name} | with a join token, no other credential | – |"
    key = "–" if sample.role is None else ROLE_NAMES[sample.role]
    if sample.platform:
        key += ", made by `agentrouter admin bootstrap`"
    elif sample.name in WHOLE_TENANT:
        key += " of the whole tenant"
    return f"| {name} | {key} | {'yes' if sample.dataplane else '–'} |"
