"""What a run arranges by the public API once the control plane answers: keys, the first document, the data plane."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from agentrouter.management.v1 import consumer_keys_pb2, dataplanes_pb2, documents_pb2, management_keys_pb2
from agentrouter_cli.client import Client
from agentrouter_cli.errors import NotFound
from agentrouter_cli.options import duration_of
from agentrouter_cli.running.demo_document import OpenAi, demo_document, first_listener, openai_document
from agentrouter_cli.running.home import Home, Memory

CONSUMER: Final = "demo"
REASON: Final = "agentrouter run"

_JOIN_TOKEN_LIFETIME: Final = timedelta(minutes=10)
_LASTS_AT_LEAST: Final = timedelta(days=1)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Document:
    """The stored source document, and whether the operator has changed it since run put it."""

    content: Mapping[str, Any]
    etag: str
    is_ours: bool


class Provisioning:
    """Everything here is safe to repeat. Errors are those of the client."""

    def __init__(
        self, client: Client, home: Home, say: Callable[[str], None], now: Callable[[], datetime] = _utc_now
    ) -> None:
        self._client = client
        self._home = home
        self._say = say
        self._now = now

    def revoke_left_over_keys(self, name: str, own_key_id: str) -> None:
        """A run that was killed could not revoke its key; this home's next run does."""
        request = management_keys_pb2.ListManagementKeysRequest()
        answer = self._client.whole(self._client.management_keys.list_management_keys, request)
        for key in answer.keys:
            if key.name == name and key.id != own_key_id and not key.HasField("revoked_at"):
                self.revoke_key(key.id)

    def revoke_key(self, key_id: str) -> None:
        """Revoke a management key."""
        request = management_keys_pb2.RevokeManagementKeyRequest(key_id=key_id)
        self._client.call(self._client.management_keys.revoke_management_key, request)

    def ensure_document(self, openai: OpenAi | None, demo_port: int, listener_port: int) -> Document:
        """Put the first document; bring it up to date while it is still run's own; leave the operator's alone."""
        stored, memory = self._stored_document(), self._home.memory()
        if stored is not None and not stored.is_ours:
            self._warn_of_moved_demo(stored, memory, demo_port)
            self._remember_document(stored, demo_port)
            return stored
        wanted = openai_document(openai, listener_port) if openai else demo_document(demo_port, listener_port)
        put = self._put(wanted)
        self._remember_document(put, demo_port)
        return put

    def consumer_key(self) -> str:
        """The key of consumer `demo`: the one of the run before while the product still knows it, else a new one."""
        memory = self._home.memory()
        if memory.consumer_key and memory.consumer_key_jti in self._lasting_consumer_keys():
            return memory.consumer_key
        request = consumer_keys_pb2.IssueConsumerKeyRequest(
            workspace_id=self._client.workspace_id, consumer_id=CONSUMER, name=REASON
        )
        answer = self._client.call(self._client.consumer_keys.issue_consumer_key, request)
        self._home.remember(consumer_key=answer.secret, consumer_key_jti=answer.key.jti)
        return answer.secret

    def knows_dataplane(self, dataplane_id: str) -> bool:
        """Whether it is enrolled in this workspace and not revoked."""
        request = dataplanes_pb2.GetDataplaneRequest(dataplane_id=dataplane_id)
        try:
            found = self._client.call(self._client.dataplanes.get_dataplane, request).dataplane
        except NotFound:
            return False
        return not found.HasField("revoked_at") and found.workspace_id == self._client.workspace_id

    def join_token(self) -> str:
        """For one data plane."""
        request = dataplanes_pb2.CreateJoinTokenRequest(
            workspace_id=self._client.workspace_id, max_uses=1, lifetime=duration_of(_JOIN_TOKEN_LIFETIME)
        )
        return self._client.call(self._client.dataplanes.create_join_token, request).join_token

    def _stored_document(self) -> Document | None:
        request = documents_pb2.GetDocumentRequest(workspace_id=self._client.workspace_id)
        try:
            found = self._client.call(self._client.documents.get_document, request).document
        except NotFound:
            return None
        is_ours = found.etag == self._home.memory().document_etag
        return Document(json.loads(found.content), found.etag, is_ours)

    def _put(self, wanted: dict[str, Any]) -> Document:
        request = documents_pb2.PutDocumentRequest(
            workspace_id=self._client.workspace_id, content=json.dumps(wanted), reason=REASON
        )
        answer = self._client.call(self._client.documents.put_document, request)
        return Document(wanted, answer.document.etag, is_ours=True)

    def _remember_document(self, document: Document, demo_port: int) -> None:
        changes: dict[str, Any] = {"listener_port": first_listener(document.content), "demo_port": demo_port}
        if document.is_ours:
            changes["document_etag"] = document.etag
        self._home.remember(**changes)

    def _warn_of_moved_demo(self, document: Document, memory: Memory, demo_port: int) -> None:
        old = f":{memory.demo_port}/"
        if memory.demo_port and memory.demo_port != demo_port and old in json.dumps(document.content):
            self._say(
                f"your document refers to the demo provider on port {memory.demo_port}, which another process holds "
                f"now; it moved to port {demo_port}: change the base_url and `agentrouter apply` the document"
            )

    def _lasting_consumer_keys(self) -> set[str]:
        """Those that the product knows and that do not end soon."""
        request = consumer_keys_pb2.ListConsumerKeysRequest(
            workspace_id=self._client.workspace_id, consumer_id=CONSUMER
        )
        answer = self._client.whole(self._client.consumer_keys.list_consumer_keys, request)
        return {key.jti for key in answer.keys if key.expires_at.ToDatetime(UTC) > self._now() + _LASTS_AT_LEAST}
