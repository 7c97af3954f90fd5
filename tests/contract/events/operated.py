"""What people do in a random life: put, remove, bring back, issue and revoke keys, and rehearse; each counts once."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.configurator.v1 import slots_pb2 as slots
from agentrouter.management.v1 import audit_pb2 as audit
from agentrouter.management.v1 import consumer_keys_pb2 as keys
from agentrouter.management.v1 import documents_pb2 as docs
from agentrouter.management.v1 import operations_pb2 as ops
from controlplane.domain.errors import DoesNotCompile, NotFound, StateConflict
from controlplane.transport.kept_answers import to_keep, told_again
from tests.contract.events.watched import Watched, expect
from tests.contract.wires.documents import consumer, document

USERS = ("", "ann", "bob")
DEFAULT = "as a key makes it"

users = st.sampled_from(USERS)
consumers = st.sampled_from(USERS[1:])
replicas = st.integers(0, 1)
chance = st.booleans()
which = st.integers(0, 1_000_000)


class Operated(Watched):
    """`versions`: the newest by user that was acknowledged to whoever asked for it. `contents`: what each version of a
    user's document says, None where it was removed. `unrevoked` and `revoked`: ids of consumer keys.

    A command may be rehearsed under its id before, and with a lost reply it is sent again, maybe elsewhere.
    """

    def __init__(self) -> None:
        super().__init__()
        self.versions: dict[str, int] = {}
        self.contents: dict[str, list[str | None]] = {user: [] for user in USERS}
        self.tombstones: set[tuple[str, int]] = set()
        self.unrevoked: list[str] = []
        self.revoked: set[str] = set()
        self.puts = 0
        self.statuses: dict[str, tuple[int, str]] = {}
        self.replayed: set[str] = set()

    @rule(user=users, replica=replicas, other=replicas, lost_reply=chance, rehearsed=chance)
    def put(self, user: str, replica: int, other: int, lost_reply: bool, rehearsed: bool = False) -> None:
        self.puts += 1
        answer = self.ask_once(self.to_put(user), replica, other, lost_reply, rehearsed)
        self.stored(user, answer, f"{self.puts}")

    @rule(user=users, replica=replicas, other=replicas, force=chance, lost_reply=chance)
    def trigger(self, user: str, replica: int, other: int, force: bool, lost_reply: bool) -> None:
        request = conf.TriggerUpdateRequest(workspace_id=self.world.workspace_id, user_id=user, force=force)
        if self.contents[user][-1] is None:
            with pytest.raises(DoesNotCompile):
                self.ask_once(request, replica, other, lost_reply)
            return
        answer = self.ask_once(request, replica, other, lost_reply)
        assert (answer.changed, answer.configuration.version) == (force, self.versions[user] + int(force))
        self.versions[user] += int(force)

    @rule(user=consumers, replica=replicas, other=replicas, lost_reply=chance, rehearsed=chance)
    def remove(self, user: str, replica: int, other: int, lost_reply: bool, rehearsed: bool) -> None:
        request = docs.DeleteDocumentRequest(workspace_id=self.world.workspace_id, user_id=user)
        if self.contents[user][-1] is None:
            with pytest.raises(NotFound, match="was removed"):
                self.ask_once(request, replica, other, lost_reply)
            return
        answer = self.ask_once(request, replica, other, lost_reply, rehearsed)
        self.stored(user, answer, None)
        assert answer.configuration.state == conf.CONFIGURATION_STATE_REMOVED
        assert answer.document_version == len(self.contents[user])

    @rule(user=users, replica=replicas, other=replicas, lost_reply=chance, rehearsed=chance)
    def roll_back(self, user: str, replica: int, other: int, lost_reply: bool, rehearsed: bool) -> None:
        """To the newest version that says something else than what is stored; a removed document comes back."""
        request = docs.RollbackDocumentRequest(workspace_id=self.world.workspace_id, user_id=user)
        versions = self.contents[user]
        earlier = [number for number, said in enumerate(versions, 1) if said is not None and said != versions[-1]]
        if not earlier:
            with pytest.raises(NotFound, match="says something else"):
                self.ask_once(request, replica, other, lost_reply)
            return
        answer = self.ask_once(request, replica, other, lost_reply, rehearsed)
        assert answer.restored_version == earlier[-1]
        self.stored(user, answer, versions[earlier[-1] - 1])

    @rule(user=consumers, replica=replicas, other=replicas, lost_reply=chance, rehearsed=chance)
    def issue_key(self, user: str, replica: int, other: int, lost_reply: bool, rehearsed: bool) -> None:
        """One who was removed has a document again, and nobody else gets another one."""
        request = keys.IssueConsumerKeyRequest(workspace_id=self.world.workspace_id, consumer_id=user)
        answer = self.ask_once(request, replica, other, lost_reply, rehearsed)
        self.unrevoked.append(answer.key.jti)
        if self.contents[user][-1] is None:
            self.versions[user] += 1
            self.contents[user].append(DEFAULT)

    @precondition(lambda self: self.unrevoked)
    @rule(one=which, replica=replicas, other=replicas, lost_reply=chance, rehearsed=chance)
    def revoke_key(self, one: int, replica: int, other: int, lost_reply: bool, rehearsed: bool) -> None:
        jti = self.unrevoked.pop(one % len(self.unrevoked))
        self.revoked.add(jti)
        request = keys.RevokeConsumerKeyRequest(workspace_id=self.world.workspace_id, jti=jti)
        self.ask_once(request, replica, other, lost_reply, rehearsed)

    @rule(user=users, replica=replicas, one=which)
    def rehearse(self, user: str, replica: int, one: int) -> None:
        """Whatever it is, and whether or not it would be refused: nothing shows it."""
        of_consumers: dict[str, Any] = {"user_id": user or USERS[1], "workspace_id": self.world.workspace_id}
        of_all: dict[str, Any] = {"user_id": user, "workspace_id": self.world.workspace_id}
        requests = [
            self.to_put(user),
            docs.DeleteDocumentRequest(**of_consumers),
            docs.RollbackDocumentRequest(**of_all),
            conf.TriggerUpdateRequest(**of_all, force=True),
            keys.IssueConsumerKeyRequest(workspace_id=self.world.workspace_id, consumer_id=user or USERS[1]),
            slots.ReconcileWorkspaceRequest(workspace_id=self.world.workspace_id, include_rejected=True),
        ]
        requests += [
            keys.RevokeConsumerKeyRequest(workspace_id=self.world.workspace_id, jti=jti) for jti in self.unrevoked[:1]
        ]
        before = self.everything()
        with contextlib.suppress(NotFound, DoesNotCompile):
            self.dry_run(requests[one % len(requests)], replica)
        assert self.everything() == before

    @rule(replica=replicas, include_rejected=chance)
    def reconcile(self, replica: int, include_rejected: bool) -> None:
        request = slots.ReconcileWorkspaceRequest(
            workspace_id=self.world.workspace_id, include_rejected=include_rejected
        )
        self.run(self.world.call(self.at(replica), request, self.world.admin))

    @rule(replica=replicas, one=which)
    def replay(self, replica: int, one: int) -> None:
        dead = [event for event in self.events() if event.status == ev.EVENT_STATUS_DEAD_LETTER]
        if dead:
            event = dead[one % len(dead)]
            try:
                self.run(self.world.call(self.at(replica), ops.ReplayEventRequest(event_id=event.id), self.world.admin))
            except StateConflict as conflict:
                expect(conflict, "NEWER_EVENT_LIVE")
            else:
                self.replayed.add(event.id)
                self.statuses.pop(event.id, None)

    def to_put(self, user: str) -> docs.PutDocumentRequest:
        """What nobody put before this number of puts."""
        text = consumer(user, groups=[f"g{self.puts}"]) if user else document(alias=f"m{self.puts}")
        return docs.PutDocumentRequest(workspace_id=self.world.workspace_id, user_id=user, content=text)

    def stored(self, user: str, answer: Any, content: str | None) -> None:
        """A next version of the document made one of the configuration."""
        version = answer.configuration.version
        assert version == self.versions.get(user, 0) + 1
        self.versions[user] = version
        self.contents[user].append(content)
        if content is None:
            self.tombstones.add((user, version))

    def ask_once(self, request: Any, replica: int, other: int, lost_reply: bool, rehearsed: bool = False) -> Any:
        """The answer, whether or not it was told the first time."""
        request_id = self.world.ids.new("req")
        if rehearsed:
            self.dry_run(request, other, request_id)
        answer = self.run(self.world.call(self.at(replica), request, self.world.admin, request_id))
        if lost_reply:
            again = self.run(self.world.call(self.at(other), request, self.world.admin, request_id))
            assert again == told_again(type(answer), to_keep(answer))
        return answer

    def dry_run(self, request: Any, replica: int, request_id: str = "") -> None:
        """It tells of the version that would come."""
        dry = type(request)()
        dry.CopyFrom(request)
        dry.validate_only = True
        answer = self.run(self.world.call(self.at(replica), dry, self.world.admin, request_id))
        if "configuration" in answer.DESCRIPTOR.fields_by_name and getattr(answer, "changed", True):
            assert answer.configuration.version == self.versions.get(request.user_id, 0) + 1

    def everything(self) -> list[Any]:
        """All that people are shown."""
        in_workspace: dict[str, Any] = {"workspace_id": self.world.workspace_id, "page_size": 1000}
        requests = [
            conf.ListConfigurationsRequest(**in_workspace, history=True),
            ev.ListPendingEventsRequest(**in_workspace, include_finished=True),
            keys.ListConsumerKeysRequest(**in_workspace),
            audit.ListAuditRecordsRequest(**in_workspace),
            *(docs.ListDocumentVersionsRequest(**in_workspace, user_id=user) for user in USERS),
        ]
        return [self.run(self.world.call(0, each, self.world.admin)) for each in requests]
