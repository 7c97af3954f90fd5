"""What a life is watched by: everything that control planes show of it, and how it comes to rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.configurator.v1 import slots_pb2 as slots
from controlplane.domain.errors import StateConflict
from tests.contract.events.agent import ModelAgent
from tests.contract.events.world import World

T = TypeVar("T")


def expect(conflict: StateConflict, *reasons: str) -> None:
    """A refusal that is right in this place."""
    assert conflict.reason in reasons, (conflict.reason, conflict.message)


def pick(agents: Sequence[ModelAgent], things: Callable[[ModelAgent], Sequence[T]], one: int) -> tuple[ModelAgent, T]:
    """An agent and a thing of it, of all that there are; there must be one."""
    all_of_them = [(agent, thing) for agent in agents for thing in things(agent)]
    return all_of_them[one % len(all_of_them)]


class Watched(RuleBasedStateMachine):
    """A world and its agents. Every step runs on one loop, to its end."""

    make_world: ClassVar[Callable[[], World]]
    loop: ClassVar[asyncio.AbstractEventLoop]

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).make_world()
        self.run(self.world.start())
        self.agents: list[ModelAgent] = []

    def teardown(self) -> None:
        self.run(self.world.stop())

    def run(self, step: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(step)

    def at(self, replica: int) -> int:
        return replica % len(self.world.replicas)

    def run_upkeep(self, *only: str) -> None:
        """On every replica, all of it or what is named; what only one should do, its leader does."""
        for replica in self.world.replicas:
            self.run(replica.plane.upkeep.run_all(*only))

    def listed(self) -> dict[str, Any]:
        request = conf.ListConfigurationsRequest(workspace_id=self.world.workspace_id, page_size=1000)
        answer = self.run(self.world.call(0, request, self.world.admin))
        return {each.user_id: each for each in answer.configurations}

    def events(self) -> list[Any]:
        request = ev.ListPendingEventsRequest(
            workspace_id=self.world.workspace_id, include_finished=True, page_size=1000
        )
        return list(self.run(self.world.call(0, request, self.world.admin)).events)

    def agent_of(self, dataplane_id: str) -> ModelAgent:
        (found,) = [agent for agent in self.agents if agent.caller.dataplane_id == dataplane_id]
        return found

    def settle(self) -> None:
        """Nothing fails any more and everybody does its work: every slot comes to its newest version, or refused it."""
        for _ in range(4):
            self.world.place.skip(timedelta(minutes=6))
            self.run_upkeep()
            for _ in range(3):
                for agent in self.agents:
                    self.work_off(agent)
            request = slots.ReconcileWorkspaceRequest(workspace_id=self.world.workspace_id)
            self.run(self.world.call(0, request, self.world.admin))
        for user, each in self.listed().items():
            for row in each.dataplanes:
                refused = row.rejected_version if not row.rejected_reason.startswith("given up") else 0
                assert each.version in (row.applied_version, refused), (user, row)
        assert not [event for event in self.events() if event.status == ev.EVENT_STATUS_PENDING]

    def work_off(self, it: ModelAgent) -> None:
        it.cursor, it.waiting, it.held = 0, {}, {}
        self.run(self.world.replicas[0].plane.feed.reread(whole=True))
        it.take(self.run(self.world.call(0, it.poll(), it.caller)))
        it.heard = it.boot
        for event in list(it.waiting.values()):
            try:
                request = ev.AcknowledgeEventRequest(event_id=event.id, boot=it.as_boot())
                taken = self.run(self.world.call(0, request, it.caller)).event
                it.tokens[event.id] = taken.fencing_token
                it.acknowledged(taken)
                held = it.held.pop(event.id)
                self.run(self.world.call(0, it.completion(held, applied=True), it.caller))
            except StateConflict as conflict:
                expect(conflict, "EVENT_FINISHED")
