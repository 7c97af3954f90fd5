"""Operators who change things at random, each command repeated under its id until it is answered, and who look on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.configurator.v1 import gateways_pb2 as gateways
from agentrouter.management.v1 import consumer_keys_pb2 as keys
from agentrouter.management.v1 import dataplanes_pb2 as dp
from agentrouter.management.v1 import documents_pb2 as documents
from tests.chaos.agents import SimulatedAgent, status_name
from tests.chaos.calls import Calls
from tests.chaos.history import Changed, FinalEvent, History, Rest, Shown
from tests.contract.wires.documents import document

PAGE = 1000
Done = tuple[str, int, int, str]  # slot, version, revision, what was made


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
        self._consumers = [f"consumer-{number}" for number in range(consumers)]
        self._commands = 0
        self.dataplanes: list[str] = []

    async def furnish(self) -> None:
        """A document, and a key for each consumer."""
        await self._do(self._put_document())
        for consumer in self._consumers:
            await self._do(self._issue_key(consumer))

    async def join_token(self, uses: int) -> str:
        """For that many data planes."""
        request = dp.CreateJoinTokenRequest(workspace_id=self._workspace_id, max_uses=uses)
        return str((await self._ask(request)).join_token)

    async def keep_changing(self, pause: float) -> None:
        """One command after the other, until cancelled; seconds between two.

        One under way is waited for: it may have been done already, and what exists is held against what was answered.
        """
        while True:
            command = asyncio.create_task(self._do(self._some_command()))
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
            applied = {
                (plane.dataplane_id, f"config/{each.user_id}"): plane.applied_version
                for each in await self._configurations(history=False)
                for plane in each.dataplanes
            }
            self._history.add(Shown(who="operator", began_at=began_at, ended_at=self._history.now(), applied=applied))
            await asyncio.sleep(pause)

    async def unhealthy(self) -> dict[str, str]:
        """Health by data plane, of those that are not at rest."""
        return {
            plane: health for plane, health in (await self._health()).items() if health not in ("SYNCED", "DEGRADED")
        }

    async def busy_events(self) -> list[Any]:
        """Events that somebody still has to process."""
        return await self._pages(
            lambda token: ev.ListPendingEventsRequest(
                workspace_id=self._workspace_id, page_size=PAGE, page_token=token
            ),
            "events",
        )

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
        stored = await self._configurations(history=True)
        by_slot: dict[str, list[int]] = {}
        for each in stored:
            by_slot.setdefault(f"config/{each.user_id}", []).append(each.version)
        events = await self._pages(
            lambda token: ev.ListPendingEventsRequest(
                workspace_id=self._workspace_id, page_size=PAGE, page_token=token, include_finished=True
            ),
            "events",
        )
        issued = await self._pages(
            lambda token: keys.ListConsumerKeysRequest(
                workspace_id=self._workspace_id, page_size=PAGE, page_token=token
            ),
            "keys",
        )
        return Rest(
            newest=await self.newest(),
            stored=by_slot,
            events=[_final(event) for event in events],
            keys=frozenset(key.jti for key in issued),
            health=await self._health(),
            applied={
                (plane.dataplane_id, f"config/{each.user_id}"): plane.applied_version
                for each in await self._configurations(history=False)
                for plane in each.dataplanes
            },
            agents={agent.id: agent.versions for agent in agents},
        )

    def _some_command(self) -> tuple[str, Any, Callable[[Any], Done]]:
        consumer = self._random.choice(self._consumers)
        drawn = self._random.random()
        if drawn < 0.15:
            return self._put_document()
        if drawn < 0.25:
            return self._issue_key(consumer)
        if drawn < 0.3:
            return self._set_url()
        if drawn < 0.35:
            return self._catalogue()
        if drawn < 0.4:
            return self._revoke()
        user_id = "" if drawn < 0.5 else consumer
        request = conf.TriggerUpdateRequest(workspace_id=self._workspace_id, user_id=user_id, force=True)
        return "TriggerUpdate", request, _of_configuration

    def _put_document(self) -> tuple[str, Any, Callable[[Any], Done]]:
        content = document(alias=f"model-{self._commands}")
        return "PutDocument", documents.PutDocumentRequest(workspace_id=self._workspace_id, content=content), _put

    def _issue_key(self, consumer: str) -> tuple[str, Any, Callable[[Any], Done]]:
        request = keys.IssueConsumerKeyRequest(workspace_id=self._workspace_id, consumer_id=consumer)
        return "IssueConsumerKey", request, lambda answer: ("", 0, 0, answer.key.jti)

    def _set_url(self) -> tuple[str, Any, Callable[[Any], Done]]:
        url = f"https://gateway-{self._commands}.example.com"
        request = gateways.SetDataplaneURLRequest(
            workspace_id=self._workspace_id, url=url, dataplane_id=self._random.choice(self.dataplanes)
        )
        return "SetDataplaneURL", request, lambda _answer: ("", 0, 0, "")

    def _catalogue(self) -> tuple[str, Any, Callable[[Any], Done]]:
        request = gateways.UpsertMCPCatalogServerRequest(
            workspace_id=self._workspace_id,
            id=f"server-{self._random.randrange(3)}",
            name=f"name {self._commands}",
            url="https://mcp.example.com",
            is_enabled=True,
        )
        return "UpsertMCPCatalogServer", request, lambda answer: ("", 0, answer.revision, "")

    def _revoke(self) -> tuple[str, Any, Callable[[Any], Done]]:
        request = gateways.RevokeUserTokenRequest(workspace_id=self._workspace_id, jti=f"leaked-{self._commands}")
        return "RevokeUserToken", request, lambda answer: ("", 0, answer.revision, "")

    async def _do(self, command: tuple[str, Any, Callable[[Any], Done]]) -> None:
        what, request, done = command
        self._commands += 1
        request.request_id = f"command-{self._commands}"
        began_at = self._history.now()
        slot, version, revision, made = done(await self._ask(request))
        self._history.add(
            Changed(
                who="operator",
                began_at=began_at,
                ended_at=self._history.now(),
                what=what,
                slot=slot,
                version=version,
                revision=revision,
                made=made,
            )
        )

    async def _configurations(self, *, history: bool) -> list[Any]:
        return await self._pages(
            lambda token: conf.ListConfigurationsRequest(
                workspace_id=self._workspace_id, page_size=PAGE, page_token=token, history=history
            ),
            "configurations",
        )

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


def _of_configuration(answer: Any) -> Done:
    made = answer.configuration
    return f"config/{made.user_id}", made.version, made.revision, ""


def _put(answer: Any) -> Done:
    return _of_configuration(answer) if answer.changed else ("", 0, 0, "")


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
