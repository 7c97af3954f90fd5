"""Random lives of control planes and agents, and after every step the promises that must have been kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from controlplane.domain.errors import StateConflict
from tests.contract.events.agent import Held, ModelAgent
from tests.contract.events.operated import USERS, Operated, chance, replicas, which
from tests.contract.events.watched import expect, pick
from tests.contract.wires.people import OF_EVENTS

AGENTS = 2
FINISHED = {ev.EVENT_STATUS_APPLIED, ev.EVENT_STATUS_FAILED, ev.EVENT_STATUS_SUPERSEDED}

agents = st.integers(0, AGENTS - 1)
outcomes = st.sampled_from("aaarrt")  # applied, refused, to be tried again


class Lives(Operated):
    """The model: what each agent may truthfully claim of the versions that were acknowledged to people."""

    def __init__(self) -> None:
        super().__init__()
        self.applied: dict[tuple[str, str], int] = {}

    def teardown(self) -> None:
        try:
            self.settle()
            assert [it.refused_keys for it in self.agents] == [self.revoked] * len(self.agents)
        finally:
            super().teardown()

    @initialize()
    def enrol(self) -> None:
        """One agent has everything and one has nothing yet."""
        self.agents = [ModelAgent(self.run(self.world.enrol())) for _ in range(AGENTS)]
        for user in USERS:
            self.put(user, replica=0, other=0, lost_reply=False)
        self.work_off(self.agents[0])

    # What agents do. `one` picks whose turn it is among those who have something to do, and with what.

    @rule(agent=agents, replica=replicas, heard=chance, lost_reply=chance)
    def poll(self, agent: int, replica: int, heard: bool, lost_reply: bool) -> None:
        """`heard`: whether this replica has followed every notice by then."""
        self.ask(self.agents[agent], replica, heard=heard, lost_reply=lost_reply)

    @rule(agent=agents, replica=replicas, outcome=outcomes, most=st.integers(1, 3))
    def work(self, agent: int, replica: int, outcome: str, most: int) -> None:
        """What mostly happens: it polls, takes some events and ends them."""
        it = self.agents[agent]
        self.ask(it, replica)
        for event in list(it.waiting.values())[:most]:
            if (held := self.take(it, event, replica)) is not None:
                self.end(it, held, outcome, replica)

    @rule(agent=agents, replica=replicas)
    def keep_failing(self, agent: int, replica: int) -> None:
        """The oldest event fails each time until nobody gives it out any more."""
        it = self.agents[agent]
        for _ in range(5):
            self.world.place.skip(timedelta(minutes=1))
            self.run_upkeep(*OF_EVENTS)
            it.cursor = 0
            self.ask(it, replica)
            event = min(it.waiting.values(), key=lambda each: str(each.id), default=None)
            if event is not None and (held := self.take(it, event, replica)) is not None:
                self.end(it, held, "t", replica)

    @precondition(lambda self: any(agent.waiting for agent in self.agents))
    @rule(one=which, replica=replicas, lost_reply=chance)
    def acknowledge(self, one: int, replica: int, lost_reply: bool) -> None:
        it, event = pick(self.agents, lambda agent: list(agent.waiting.values()), one)
        held = self.take(it, event, replica)
        if held is not None and lost_reply:
            it.held.pop(event.id)
            it.waiting[event.id] = event

    @precondition(lambda self: any(agent.held for agent in self.agents))
    @rule(one=which, replica=replicas, outcome=outcomes, lost_reply=chance, twice=chance)
    def complete(self, one: int, replica: int, outcome: str, lost_reply: bool, twice: bool) -> None:
        it, held = pick(self.agents, lambda agent: list(agent.held.values()), one)
        request = self.end(it, held, outcome, replica)
        if twice:
            self.send(it, held, request, replica + 1)
        if lost_reply:
            it.held.setdefault(held.event_id, held)

    @precondition(lambda self: any(agent.ended for agent in self.agents))
    @rule(one=which, replica=replicas)
    def repeat_an_old_completion(self, one: int, replica: int) -> None:
        """From a queue somewhere, long after: it changes nothing, or nothing that was not true."""
        it, (held, request) = pick(self.agents, lambda agent: agent.ended, one)
        self.send(it, held, request, replica)

    @precondition(lambda self: any(agent.configurations_proven for agent in self.agents))
    @rule(one=which, replica=replicas)
    def take_back(self, one: int, replica: int) -> None:
        """It says so with every poll from then on; what was applied does not go back for it."""
        it, slot = pick(self.agents, lambda agent: agent.configurations_proven, one)
        it.take_back(slot)
        self.ask(it, replica)

    @rule(agent=agents, losing_ledger=chance)
    def restart_agent(self, agent: int, losing_ledger: bool) -> None:
        self.agents[agent].restart(losing_ledger=losing_ledger)

    @precondition(lambda self: any(agent.held for agent in self.agents))
    @rule(one=which, replica=replicas, outcome=outcomes)
    def overtake(self, one: int, replica: int, outcome: str) -> None:
        """The next life takes what this one holds; whichever of the two then says how it ended."""
        it, held = pick(self.agents, lambda agent: list(agent.held.values()), one)
        it.restart(losing_ledger=False)
        self.ask(it, replica)
        if held.event_id in it.waiting:
            self.take(it, it.waiting[held.event_id], replica)
        self.send(it, held, it.completion(held, applied=outcome == "a", retryable=outcome == "t"), replica)

    @precondition(lambda self: any(agent.boot > 1 and agent.waiting for agent in self.agents))
    @rule(one=which, replica=replicas)
    def a_former_life_takes_an_event(self, one: int, replica: int) -> None:
        """A process that should be dead: it is refused once the newer life was heard of."""
        it, event = pick(self.agents, lambda agent: list(agent.waiting.values()) if agent.boot > 1 else [], one)
        request = ev.AcknowledgeEventRequest(event_id=event.id, boot=it.as_boot(it.boot - 1))
        try:
            taken = self.run(self.world.call(self.at(replica), request, it.caller)).event
        except StateConflict as conflict:
            expect(conflict, "BOOT_TOO_OLD", "EVENT_FINISHED")
        else:
            assert it.heard < it.boot, "an older boot took an event after the newer one was heard of"
            it.tokens[event.id] = taken.fencing_token

    @precondition(lambda self: any(agent.former for agent in self.agents))
    @rule(one=which, replica=replicas, outcome=outcomes)
    def a_former_life_completes_an_event(self, one: int, replica: int, outcome: str) -> None:
        """Fine while nobody took the event over; refused by its token from then on."""
        it, held = pick(self.agents, lambda agent: agent.former, one)
        self.send(it, held, it.completion(held, applied=outcome == "a", retryable=outcome == "t"), replica)

    def ask(self, it: ModelAgent, replica: int, *, heard: bool = True, lost_reply: bool = False) -> None:
        """What comes is never older than what it has."""
        if heard:
            self.run(self.world.replicas[self.at(replica)].plane.feed.reread(whole=True))
        news = self.run(self.world.call(self.at(replica), it.poll(), it.caller))
        it.heard = it.boot
        assert news.revision >= it.revision or news.resync
        for each in news.configurations:
            assert each.version >= it.known.get(f"config/{each.user_id}", (0, ""))[0]
            gone = (each.user_id, each.version) in self.tombstones
            assert (each.state == conf.CONFIGURATION_STATE_REMOVED, not each.document) == (gone, gone)
        assert {each.jti for each in news.revocations} <= self.revoked
        if not lost_reply:
            it.take(news)

    def take(self, it: ModelAgent, event: Any, replica: int) -> Held | None:
        """Acknowledge it, if what it rings for is here; a token never goes back."""
        if it.known.get(event.slot, (0, ""))[0] < event.configuration_version:
            return None
        request = ev.AcknowledgeEventRequest(event_id=event.id, boot=it.as_boot())
        try:
            taken = self.run(self.world.call(self.at(replica), request, it.caller)).event
        except StateConflict as conflict:
            expect(conflict, "EVENT_FINISHED")
            it.waiting.pop(event.id, None)
            return None
        it.heard = it.boot
        assert taken.fencing_token >= it.tokens.get(event.id, 1)
        it.tokens[event.id] = taken.fencing_token
        return it.acknowledged(taken)

    def end(self, it: ModelAgent, held: Held, outcome: str, replica: int) -> ev.CompleteEventRequest:
        request = it.completion(held, applied=outcome == "a", retryable=outcome == "t")
        it.ended.append((held, request))
        it.held.pop(held.event_id, None)
        self.send(it, held, request, replica)
        return request

    def send(self, it: ModelAgent, held: Held, request: ev.CompleteEventRequest, replica: int) -> None:
        """Only the newest holder is believed."""
        try:
            ended = self.run(self.world.call(self.at(replica), request, it.caller)).event
        except StateConflict as conflict:
            expect(conflict, "EVENT_FINISHED", "FENCING_TOKEN_OLD", "VERSION_TOO_OLD", "DIGEST_MISMATCH")
            return
        assert held.token == it.tokens[held.event_id], "an old token was taken"
        if ended.status == ev.EVENT_STATUS_FAILED:
            it.refused[held.slot] = max(request.version, it.refused.get(held.slot, 0))

    # What happens

    @rule(seconds=st.sampled_from([1, 30, 61, 301]))
    def time_passes(self, seconds: int) -> None:
        self.world.place.skip(timedelta(seconds=seconds))

    @rule()
    def upkeep(self) -> None:
        self.run_upkeep()

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
                if row.HasField("reverted"):
                    assert row.running_version == row.reverted.to_version < row.reverted.from_version, row
                    assert row.reverted.from_version <= row.rejected_version, row
                refused = self.agent_of(row.dataplane_id).refused.get(at[1], 0)
                assert refused <= max(row.rejected_version, row.applied_version), (at, refused, row)

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
