"""Operators who change things at random, each command repeated under its id until it is answered, and who look on."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.management.v1 import audit_pb2 as audit
from agentrouter.management.v1 import consumer_keys_pb2 as keys
from agentrouter.management.v1 import dataplanes_pb2 as dp
from tests.chaos.agents import SimulatedAgent, status_name
from tests.chaos.calls import Calls, Refused
from tests.chaos.commands import Command, Commands
from tests.chaos.history import COMMAND, REHEARSAL, Changed, Declined, FinalEvent, History, Rehearsed, Rest, Shown

PAGE = 1000
ONLY_REHEARSED = REHEARSED_FIRST = 0.1  # of all commands
NAME = re.compile(rf"(?:{COMMAND}|{REHEARSAL})[\w-]+")


class Operators:
    """All of them use one admin key, in one workspace whose consumers exist already."""

    def __init__(
        self, calls: Calls, history: History, random_: random.Random, *, workspace_id: str, key: str, consumers: int
    ) -> None:
        self._calls = calls
        self._history = history
        self._random = random_
        self._workspace_id = workspace_id
        self._key = key
        self.commands = Commands(random_, workspace_id, [f"consumer-{number}" for number in range(consumers)])

    async def furnish(self) -> None:
        """Documents and keys."""
        for command in self.commands.furnishing():
            await self._do(command)

    async def join_token(self, uses: int) -> str:
        """For that many data planes."""
        request = dp.CreateJoinTokenRequest(workspace_id=self._workspace_id, max_uses=uses)
        return str((await self._ask(request)).join_token)

    async def keep_changing(self, pause: float) -> None:
        """One command after the other, until cancelled; seconds between two.

        One under way is waited for: it may have been done already, and what exists is held against what was answered.
        """
        while True:
            only_rehearsed = self._random.random() < ONLY_REHEARSED
            command = asyncio.create_task(self._do(self.commands.some(only_rehearsed=only_rehearsed)))
            try:
                await asyncio.shield(command)
            except asyncio.CancelledError:
                await command
                raise
            await asyncio.sleep(self._random.uniform(0, 2 * pause))

    async def keep_looking(self, pause: float) -> None:
        """At what is applied, until cancelled."""
        while True:
            began_at = self._history.now()
            applied = await self._applied()
            self._history.add(Shown(who="operator", began_at=began_at, ended_at=self._history.now(), applied=applied))
            await asyncio.sleep(pause)

    async def unhealthy(self) -> dict[str, str]:
        """Health by data plane, of those that are not at rest."""
        return {
            plane: health for plane, health in (await self._health()).items() if health not in ("SYNCED", "DEGRADED")
        }

    async def busy_events(self) -> list[Any]:
        """Events that somebody still has to process."""
        return await self._events()

    async def newest(self) -> dict[str, int]:
        """The newest version of everything that all data planes have, by slot."""
        newest = await self._ask(conf.GetConfigurationRequest(workspace_id=self._workspace_id))
        versions = {f"config/{each.user_id}": each.version for each in newest.configurations}
        versions |= {each.slot: each.version for each in newest.values}
        if newest.revocations:
            versions["revocations"] = max(each.revision for each in newest.revocations)
        return versions

    async def rest(self, agents: list[SimulatedAgent]) -> Rest:
        """How everything stands."""
        stored = {(f"config/{each.user_id}", each.version): each for each in await self._configurations(history=True)}
        by_slot: dict[str, list[int]] = {}
        for slot, version in stored:
            by_slot.setdefault(slot, []).append(version)
        issued = await self._consumer_keys()
        return Rest(
            newest=await self.newest() | {slot: max(versions) for slot, versions in by_slot.items()},
            stored=by_slot,
            events=[_final(event) for event in await self._events(include_finished=True)],
            keys=frozenset(key.jti for key in issued),
            health=await self._health(),
            applied=await self._applied(),
            agents={agent.id: agent.versions for agent in agents},
            tombstones=frozenset(key for key, each in stored.items() if not each.digest),
            revisions={key: each.revision for key, each in stored.items()},
            revoked=frozenset(key.jti for key in issued if key.state == keys.CONSUMER_KEY_STATE_REVOKED),
            refused_keys={agent.id: agent.refused_keys for agent in agents},
            audited=tuple(await self._audited()),
            broken_chain=(await self._ask(audit.VerifyAuditRequest())).problem,
        )

    async def _do(self, command: Command) -> None:
        """Some are rehearsed first, under the same id, and some are only rehearsed."""
        if command.only_rehearsed or self._random.random() < REHEARSED_FIRST:
            await self._rehearse(command)
        if not command.only_rehearsed:
            await self._carry_out(command)

    async def _carry_out(self, command: Command) -> None:
        began_at = self._history.now()
        told = await self._told(command, command.request)
        if told is not None:
            self._history.add(
                Changed(
                    who="operator",
                    began_at=began_at,
                    ended_at=self._history.now(),
                    what=command.what,
                    command=command.name,
                    **told,
                )
            )
        if told and command.what == "IssueConsumerKey":
            self.commands.unrevoked.append(told["made"])

    async def _rehearse(self, command: Command) -> None:
        began_at = self._history.now()
        dry = type(command.request)()
        dry.CopyFrom(command.request)
        dry.validate_only = True
        told = await self._told(command, dry)
        if told is not None:
            self._history.add(
                Rehearsed(
                    who="operator",
                    began_at=began_at,
                    ended_at=self._history.now(),
                    what=command.what,
                    command=command.name,
                    slot=command.slot,
                    version=told.get("version", 0),
                )
            )

    async def _told(self, command: Command, request: Any) -> dict[str, Any] | None:
        """What the answer says; None when there was no document to do it with."""
        began_at = self._history.now()
        request.request_id = command.name
        try:
            return command.told(await self._ask(request))
        except Refused as refused:
            if not command.gone or refused.reason != command.gone:
                raise
        self._history.add(
            Declined(
                who="operator",
                began_at=began_at,
                ended_at=self._history.now(),
                what=command.what,
                command=command.name,
                slot=command.slot,
            )
        )
        return None

    async def _configurations(self, *, history: bool) -> list[Any]:
        return await self._pages(
            lambda token: conf.ListConfigurationsRequest(
                workspace_id=self._workspace_id, page_size=PAGE, page_token=token, history=history
            ),
            "configurations",
        )

    async def _applied(self) -> dict[tuple[str, str], int]:
        return {
            (plane.dataplane_id, f"config/{each.user_id}"): plane.applied_version
            for each in await self._configurations(history=False)
            for plane in each.dataplanes
        }

    async def _events(self, *, include_finished: bool = False) -> list[Any]:
        return await self._pages(
            lambda token: ev.ListPendingEventsRequest(
                workspace_id=self._workspace_id, page_size=PAGE, page_token=token, include_finished=include_finished
            ),
            "events",
        )

    async def _consumer_keys(self) -> list[Any]:
        return await self._pages(
            lambda token: keys.ListConsumerKeysRequest(
                workspace_id=self._workspace_id, page_size=PAGE, page_token=token
            ),
            "keys",
        )

    async def _audited(self) -> list[str]:
        """The names of commands, once for each record that one stands in."""
        records = await self._pages(
            lambda token: audit.ListAuditRecordsRequest(
                workspace_id=self._workspace_id, page_size=PAGE, page_token=token
            ),
            "records",
        )
        return [name for record in records for name in set(_names(record))]

    async def _health(self) -> dict[str, str]:
        planes = await self._pages(
            lambda token: dp.ListDataplanesRequest(workspace_id=self._workspace_id, page_size=PAGE, page_token=token),
            "dataplanes",
        )
        return {each.id: dp.DataplaneSync.Name(each.sync).removeprefix("DATAPLANE_SYNC_") for each in planes}

    async def _pages(self, request: Callable[[str], Any], field: str) -> list[Any]:
        found: list[Any] = []
        token = ""
        while True:
            page = await self._ask(request(token))
            found += getattr(page, field)
            token = page.next_page_token
            if not token:
                return found

    async def _ask(self, request: Any) -> Any:
        return await self._calls.until_answered(request, self._key, "operator")


def _names(record: Any) -> Iterator[str]:
    for said in (record.subject, *record.details.values()):
        yield from NAME.findall(said)


def _final(event: Any) -> FinalEvent:
    ended_at = event.completed_at.ToMicroseconds() / 1e6
    return FinalEvent(
        event.id,
        event.dataplane_id,
        event.slot,
        event.configuration_version,
        status_name(event.status),
        event.superseded_by,
        ended_at,
    )
