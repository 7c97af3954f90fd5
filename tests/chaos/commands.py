"""Commands as operators draw them. Each has a name, which stands in whatever it stores, so that the end tells of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import gateways_pb2 as gateways
from agentrouter.management.v1 import consumer_keys_pb2 as keys
from agentrouter.management.v1 import documents_pb2 as documents
from tests.chaos.history import COMMAND, REHEARSAL
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.procedures import procedure_of

Told = dict[str, Any]  # fields of Changed


@dataclass(frozen=True, slots=True)
class Command:
    """`told`: what an answer says. `gone`: as what it is refused while there is no document of its consumer."""

    name: str
    request: Any
    told: Callable[[Any], Told]
    slot: str = ""
    gone: str = ""

    @property
    def what(self) -> str:
        """The RPC."""
        return procedure_of(type(self.request)).name

    @property
    def only_rehearsed(self) -> bool:
        """Whether it is never carried out."""
        return self.name.startswith(REHEARSAL)


class Commands:
    """Draws them for one workspace, whose consumers exist or did."""

    def __init__(self, random_: random.Random, workspace_id: str, consumers: Sequence[str]) -> None:
        self._random = random_
        self._workspace_id = workspace_id
        self._consumers = consumers
        self._count = 0
        self.dataplanes: list[str] = []
        self.unrevoked: list[str] = []  # consumer keys that no command revokes yet

    def some(self, *, only_rehearsed: bool = False) -> Command:
        """Any."""
        self._count += 1
        name = f"{REHEARSAL if only_rehearsed else COMMAND}{self._count}"
        user_id = self._random.choice(self._consumers)
        draws: dict[Callable[[], Command], int] = {
            lambda: self.put(name): 12,
            lambda: self.put(name, user_id): 10,
            lambda: self._delete(name, user_id): 8,
            lambda: self._roll_back(name, user_id): 7,
            lambda: self._roll_back(name, ""): 3,
            lambda: self.issue_key(name, user_id): 10,
            lambda: self._revoke_key(name, user_id): 6,
            lambda: self._revoke_token(name): 5,
            lambda: self._set_url(name): 5,
            lambda: self._catalogue(name): 5,
            lambda: self._trigger(name, ""): 8,
            lambda: self._trigger(name, user_id): 21,
        }
        (draw,) = self._random.choices(list(draws), list(draws.values()))
        return draw()

    def furnishing(self) -> list[Command]:
        """Two documents of everybody, so that each can be rolled back, and a key for each consumer."""
        users = ["", *self._consumers]
        made = [self.put(f"{COMMAND}first-{number}-{user}", user) for number in (1, 2) for user in users]
        return made + [self.issue_key(f"{COMMAND}first-key-{user}", user) for user in self._consumers]

    def put(self, name: str, user_id: str = "") -> Command:
        """A document that nobody put before."""
        content = consumer(user_id, groups=[name]) if user_id else document(alias=f"model-{name}")
        request = documents.PutDocumentRequest(
            workspace_id=self._workspace_id, user_id=user_id, content=content, reason=name
        )
        return Command(name, request, _if_changed, f"config/{user_id}")

    def issue_key(self, name: str, user_id: str) -> Command:
        """Which makes the consumer's document when there is none."""
        request = keys.IssueConsumerKeyRequest(workspace_id=self._workspace_id, consumer_id=user_id, name=name)
        slot = f"config/{user_id}"
        return Command(
            name, request, lambda answer: {"made": answer.key.jti, "known_from": answer.revision, "slot": slot}, slot
        )

    def _delete(self, name: str, user_id: str) -> Command:
        request = documents.DeleteDocumentRequest(workspace_id=self._workspace_id, user_id=user_id, reason=name)
        return Command(name, request, _configuration, f"config/{user_id}", gone="DOCUMENT_REMOVED")

    def _roll_back(self, name: str, user_id: str) -> Command:
        request = documents.RollbackDocumentRequest(workspace_id=self._workspace_id, user_id=user_id, reason=name)
        return Command(name, request, _if_changed, f"config/{user_id}")

    def _trigger(self, name: str, user_id: str) -> Command:
        request = conf.TriggerUpdateRequest(workspace_id=self._workspace_id, user_id=user_id, force=True, reason=name)
        return Command(name, request, _configuration, f"config/{user_id}", gone="DOES_NOT_COMPILE")

    def _revoke_key(self, name: str, user_id: str) -> Command:
        """Each key once; the second revocation would be told as the first."""
        if not self.unrevoked:
            return self.issue_key(name, user_id)
        jti = self._random.choice(self.unrevoked)
        if name.startswith(COMMAND):
            self.unrevoked.remove(jti)
        request = keys.RevokeConsumerKeyRequest(workspace_id=self._workspace_id, jti=jti, reason=name)
        return Command(name, request, lambda answer: {"revision": answer.revision, "made": jti})

    def _revoke_token(self, name: str) -> Command:
        jti = f"leaked-{name}"
        request = gateways.RevokeUserTokenRequest(workspace_id=self._workspace_id, jti=jti, reason=name)
        return Command(name, request, lambda answer: {"revision": answer.revision, "made": jti})

    def _set_url(self, name: str) -> Command:
        request = gateways.SetDataplaneURLRequest(
            workspace_id=self._workspace_id,
            url=f"https://gateway-{name}.example.com",
            dataplane_id=self._random.choice(self.dataplanes),
        )
        return Command(name, request, lambda _answer: {})

    def _catalogue(self, name: str) -> Command:
        request = gateways.UpsertMCPCatalogServerRequest(
            workspace_id=self._workspace_id,
            id=f"server-{self._random.randrange(3)}",
            name=f"name {name}",
            url="https://mcp.example.com",
            is_enabled=True,
        )
        return Command(name, request, lambda answer: {"revision": answer.revision})


def _configuration(answer: Any) -> Told:
    made = answer.configuration
    return {"slot": f"config/{made.user_id}", "version": made.version, "revision": made.revision}


def _if_changed(answer: Any) -> Told:
    return _configuration(answer) if answer.changed else {}
