"""Random lives of control planes and agents, and after every step the promises that must have been kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.configurator.v1 import slots_pb2 as slots
from agentrouter.management.v1 import documents_pb2 as docs
from agentrouter.management.v1 import operations_pb2 as ops
from controlplane.domain.errors import StateConflict
from tests.contract.events.agent import Held, ModelAgent
from tests.contract.events.watched import Watched, expect
from tests.contract.wires.documents import consumer, document

USERS = ("", "ann", "bob")
AGENTS = 2
FINISHED = {ev.EVENT_STATUS_APPLIED, ev.EVENT_STATUS_FAILED, ev.EVENT_STATUS_SUPERSEDED}
GIVEN_UP = ("EVENT_FINISHED", "FENCING_TOKEN_OLD")

users = st.sampled_from(USERS)
agents = st.integers(0, AGENTS - 1)
replicas = st.integers(0, 1)
chance = st.booleans()
which = st.integers(0, 1_000_000)
outcomes = st.sampled_from("aaarrt")  # applied, refused, to be tried again


class Lives(Watched):
    """The model: which versions were acknowledged to people, what each agent may truthfully claim."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: dict[str, int] = {}  # acknowledged to whoever asked for them
        self.content = 0
        self.applied: dict[tuple[str, str], int] = {}
        self.statuses: dict[str, tuple[int, str]] = {}
        self.replayed: set[str] = set()

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            super().teardown()

    @initialize()
    def enrol(self) -> None:
        """One agent has everything and one has nothing yet."""
        self.agents = [ModelAgent(self.run(self.world.enrol())) for _ in range(AGENTS)]
        for user in USERS:
            self.put(user, replica=0, other=0, lost_reply=False)
        self.work_off(self.agents[0])

    # What people do

    @rule(user=users, replica=replicas, other=replicas, lost_reply=chance)
    def put(self, user: str, replica: int, other: int, lost_reply: bool) -> None:
        """With a lost reply the same request is sent again, maybe elsewhere: it must have been done once."""
        self.content += 1
        text = consumer(user, groups=[f"g{self.content}"]) if user else document(alias=f"m{self.content}")
        request = docs.PutDocumentRequest(workspace_id=self.world.workspace_id, user_id=user, content=text)
        answer = self.ask_once(request, replica, other, lost_reply)
        version = answer.configuration.version
        assert version == self.versions.get(user, 0) + 1
        self.versions[user] = version

    @rule(user=users, replica=replicas, other=replicas, force=chance, lost_reply=chance)
    def trigger(self, user: str, replica: int, other: int, force: bool, lost_reply: bool) -> None:
        if user not in self.versions:
            return
        request = conf.TriggerUpdateRequest(workspace_id=self.world.workspace_id, user_id=user, force=force)
        answer = self.ask_once(request, replica, other, lost_reply)
        assert (answer.changed, answer.configuration.version) == (force, self.versions[user] + int(force))
        self.versions[user] += int(force)

    def ask_once(self, request: Any, replica: int, other: int, lost_reply: bool) -> Any:
        request_id = self.world.ids.new("req")
        answer = self.run(self.world.call(self.at(replica), request, self.world.admin, request_id))
        if lost_reply:
            again = self.run(self.world.call(self.at(other), request, self.world.admin, request_id))
            assert again.configuration.version == answer.configuration.version
            assert again.changed == answer.changed
        return answer

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

    # What agents do

    @rule(agent=agents, replica=replicas, heard=chance, lost_reply=chance)
    def poll(self, agent: int, replica: int, heard: bool, lost_reply: bool) -> None:
        """`heard`: whether this replica has followed every notice by then."""
        it = self.agents[agent]
        if heard:
            self.run(self.world.replicas[self.at(replica)].plane.feed.reread(whole=True))
        news = self.run(self.world.call(self.at(replica), it.poll(), it.caller))
        it.heard = it.boot
        assert news.revision >= it.revision or news.resync
        if not lost_reply:
            for each in news.configurations:
                assert each.version >= it.known.get(each.user_id, (0, ""))[0]
            it.take(news)

    @rule(agent=agents, replica=replicas, outcome=outcomes, events=st.integers(1, 3), one=which)
    def work(self, agent: int, replica: int, outcome: str, events: int, one: int) -> None:
        """What mostly happens: it polls, takes some events and ends them."""
        self.poll(agent, replica, heard=True, lost_reply=False)
        for _ in range(events):
            self.acknowledge(agent, replica, one, lost_reply=False)
            self.complete(agent, replica, one, outcome, lost_reply=False, twice=False)

    @precondition(lambda self: any(agent.waiting for agent in self.agents))
    @rule(agent=agents, replica=replicas, one=which, lost_reply=chance)
    def acknowledge(self, agent: int, replica: int, one: int, lost_reply: bool) -> None:
        it = self.agents[agent]
        if not it.waiting:
            return
        event = it.waiting[sorted(it.waiting)[one % len(it.waiting)]]
        if it.known.get(event.user_id, (0, ""))[0] < event.configuration_version:
            return
        request = ev.AcknowledgeEventRequest(event_id=event.id, boot=it.as_boot())
        try:
            taken = self.run(self.world.call(self.at(replica), request, it.caller)).event
        except StateConflict as conflict:
            expect(conflict, "EVENT_FINISHED")
            it.waiting.pop(event.id)
            return
        assert taken.fencing_token >= it.tokens.get(event.id, 1)
        it.tokens[event.id] = taken.fencing_token
        if not lost_reply:
            it.acknowledged(taken)

    @precondition(lambda self: any(agent.held for agent in self.agents))
    @rule(agent=agents, replica=replicas, one=which, outcome=outcomes, lost_reply=chance, twice=chance)
    def complete(self, agent: int, replica: int, one: int, outcome: str, lost_reply: bool, twice: bool) -> None:
        it = self.agents[agent]
        if not it.held:
            return
        held = it.held[sorted(it.held)[one % len(it.held)]]
        request = it.completion(held, applied=outcome == "a", retryable=outcome == "t")
        self.send(it, held, request, replica)
        it.ended.append(request)
        if twice:
            self.send(it, held, request, replica + 1)
        if not lost_reply:
            it.held.pop(held.event_id, None)

    def send(self, it: ModelAgent, held: Held, request: ev.CompleteEventRequest, replica: int) -> None:
        try:
            self.run(self.world.call(self.at(replica), request, it.caller))
        except StateConflict as conflict:
            expect(conflict, *GIVEN_UP, "VERSION_TOO_OLD", "DIGEST_MISMATCH")
            if conflict.reason in GIVEN_UP:
                it.held.pop(held.event_id, None)
        else:
            assert held.token == it.tokens[held.event_id], "an old token was taken"

    @precondition(lambda self: any(agent.ended for agent in self.agents))
    @rule(agent=agents, replica=replicas, one=which)
    def repeat_an_old_completion(self, agent: int, replica: int, one: int) -> None:
        """From a queue somewhere, long after: it changes nothing, or nothing that was not true."""
        it = self.agents[agent]
        if it.ended:
            request = it.ended[one % len(it.ended)]
            try:
                self.run(self.world.call(self.at(replica), request, it.caller))
            except StateConflict as conflict:
                expect(conflict, *GIVEN_UP, "VERSION_TOO_OLD", "DIGEST_MISMATCH")

    @rule(agent=agents, losing_ledger=chance)
    def restart_agent(self, agent: int, losing_ledger: bool) -> None:
        self.agents[agent].restart(losing_ledger=losing_ledger)

    @precondition(lambda self: any(agent.boot > 1 and agent.waiting for agent in self.agents))
    @rule(agent=agents, replica=replicas)
    def a_former_life_takes_an_event(self, agent: int, replica: int) -> None:
        """A process that should be dead: it is refused once the newer life was heard of."""
        it = self.agents[agent]
        if it.boot == 1 or not it.waiting:
            return
        request = ev.AcknowledgeEventRequest(event_id=min(it.waiting), boot=it.as_boot(it.boot - 1))
        try:
            self.run(self.world.call(self.at(replica), request, it.caller))
        except StateConflict as conflict:
            expect(conflict, "BOOT_TOO_OLD", "EVENT_FINISHED")
        else:
            assert it.heard < it.boot, "an older boot took an event after the newer one was heard of"

    @precondition(lambda self: any(agent.former for agent in self.agents))
    @rule(agent=agents, replica=replicas, one=which, outcome=outcomes)
    def a_former_life_completes_an_event(self, agent: int, replica: int, one: int, outcome: str) -> None:
        """Fine while nobody took the event over; refused by its token from then on."""
        it = self.agents[agent]
        if it.former:
            held = it.former[one % len(it.former)]
            self.send(it, held, it.completion(held, applied=outcome == "a", retryable=outcome == "t"), replica)

    # What happens

    @rule(seconds=st.sampled_from([1, 30, 61, 301]))
    def time_passes(self, seconds: int) -> None:
        self.world.place.skip(timedelta(seconds=seconds))

    @rule(replica=replicas)
    def upkeep(self, replica: int) -> None:
        self.run(self.world.replicas[self.at(replica)].plane.upkeep.run_all())

    @rule(replica=replicas)
    def restart_control_plane(self, replica: int) -> None:
        self.run(self.world.restart(self.at(replica)))

    # What must be so

    @invariant()
    def versions_are_what_was_acknowledged_and_applied_never_goes_back(self) -> None:
        if not self.agents:
            return
        listed = self.listed()
        assert {user: each.version for user, each in listed.items()} == self.versions
        for user, each in listed.items():
            for row in each.dataplanes:
                at = (row.dataplane_id, f"config/{user}")
                proven = self.agent_of(row.dataplane_id).proven.get(at[1], 0)
                assert self.applied.get(at, 0) <= row.applied_version <= proven, (at, self.applied, proven)
                self.applied[at] = row.applied_version

    @invariant()
    def a_finished_event_stays_as_it_ended(self) -> None:
        places: set[tuple[str, str, int]] = set()
        for event in self.events():
            place = (event.dataplane_id, event.slot, event.status)
            if event.status in (ev.EVENT_STATUS_PENDING, ev.EVENT_STATUS_ACKNOWLEDGED):
                assert place not in places, place
                places.add(place)
                assert event.id not in self.statuses
            else:
                ended = (event.status, event.completed_at.ToJsonString())
                assert self.statuses.setdefault(event.id, ended) == ended
