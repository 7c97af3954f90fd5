"""Every field of the API that is marked as a secret, found through the descriptors: used once, then looked for.

A new field with `debug_redact` that no call here fills fails the first test; one that leaks fails the second.
"""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from agentrouter.configurator.v1 import backends_pb2 as backends
from agentrouter.management.v1 import audit_pb2 as audit
from agentrouter.management.v1 import documents_pb2 as documents
from controlplane.store.backup import back_up
from tests.contract.wires.acts import ACTS
from tests.contract.wires.documents import document
from tests.contract.wires.people import Tenant
from tests.contract.wires.plain_http import get
from tests.contract.wires.procedures import procedures
from tests.contract.wires.refusals import Refused
from tests.contract.wires.test_canaries import kept
from tests.fakes.credentials import AWS_KEYS, OAUTH_CLIENT, key_file

IN_A_DOCUMENT = "sk-canary-of-the-surface-4712"


async def test_every_secret_field_of_the_api_is_used_and_none_is_found_again(
    tenant: Tenant, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    secrets = {("a credential in a document", IN_A_DOCUMENT), *[each async for each in _used(tenant, said)]}

    assert _marked() <= {name for name, _ in secrets}, "a secret field that no call here fills"
    records = await tenant.call(audit.ListAuditRecordsRequest(page_size=1000))
    places = {
        "database": await kept(tenant.running),
        "backup": _backup(tenant, tmp_path / "backup.gz"),
        "logs": "\n".join([*tenant.running.journal.lines, caplog.text]).encode(),
        "metrics": (await get(tenant.running, "/metrics"))[1].encode(),
        "errors": "\n".join(said).encode(),
        "audit": str(records).encode(),
    }
    found = [
        f"{what} in the {where}"
        for where, content in places.items()
        for what, secret in secrets
        if secret.encode() in content or json.dumps(secret)[1:-1].encode() in content
    ]

    assert found == []
    assert all(tenant.id.encode() in places[where] for where in ("database", "backup", "audit"))


async def _used(tenant: Tenant, said: list[str]) -> Any:
    """Secrets by the name of their field, each sent or received once, in calls that succeed and calls that do not."""
    for act in ACTS.values():
        request, bearer = await act.prepare(tenant)
        if isinstance(request, documents.PutDocumentRequest):
            request.content = document(api_key=IN_A_DOCUMENT)
        answers = await tenant.api(request, bearer)
        for message in (request, *(answers if isinstance(answers, list) else [answers])):
            for name, value in _filled(message):
                yield name, value
        await _refused(tenant, request, said)
    for request in _credentials_of_every_kind(tenant):
        await tenant.call(request)
        for name, value in (*_filled(request), ("a service account's key", key_file()["private_key"].split("\n")[5])):
            yield name, value
    for request in _refusable(tenant):
        for name, value in _filled(request):
            yield name, value
        await _refused(tenant, request, said)


async def _refused(tenant: Tenant, request: Any, said: list[str]) -> None:
    """The same again as nobody who may, and as it should not be."""
    for bearer in ("", tenant.admin):
        try:
            await tenant.api(request, bearer)
        except Refused as refused:
            said.append(f"{refused} {refused.said}")


def _credentials_of_every_kind(tenant: Tenant) -> Iterator[Any]:
    """Saved as they should be."""
    temporary = backends.AwsKeys(**AWS_KEYS, session_token="canary-of-aws-session-0123456789")
    for credential in (
        backends.BackendCredential(oauth=backends.OAuthClient(**OAUTH_CLIENT)),
        backends.BackendCredential(aws=temporary),
        backends.BackendCredential(gcp=backends.GcpServiceAccount(key_file=json.dumps(key_file()))),
    ):
        yield _saving(tenant, "carol", credential)


def _saving(tenant: Tenant, user: str, credential: backends.BackendCredential) -> backends.SaveBYOKBackendsRequest:
    one = backends.Backend(name="mine", base_url="https://own.example/v1", models=["gpt-4o"], credential=credential)
    mode = backends.BACKEND_MODE_EXCLUSIVE
    return backends.SaveBYOKBackendsRequest(workspace_id=tenant.id, user_id=user, mode=mode, backends=[one])


def _refusable(tenant: Tenant) -> Iterator[Any]:
    """Secret fields that no successful call has, and documents that are only looked at."""
    key_file = json.dumps({"type": "service_account", "private_key": "canary-of-gcp-0123456789"})
    for credential in (
        backends.BackendCredential(oauth=backends.OAuthClient(client_secret="canary-of-oauth\n0123456789")),
        backends.BackendCredential(
            aws=backends.AwsKeys(secret_access_key="canary-of-aws-0123", session_token="canary of aws 4567")
        ),
        backends.BackendCredential(gcp=backends.GcpServiceAccount(key_file=key_file)),
    ):
        yield _saving(tenant, "bob", credential)
    content = document(api_key=IN_A_DOCUMENT)
    yield documents.ValidateDocumentRequest(workspace_id=tenant.id, content=content)
    yield documents.DiffDocumentRequest(workspace_id=tenant.id, content=content)
    yield documents.PutDocumentRequest(workspace_id=tenant.id, content=content.replace("https://", "ftp://"))


def _backup(tenant: Tenant, path: Path) -> bytes:
    back_up(tenant.running.database_url, path, now=datetime.now(UTC), progress=lambda *_: None)
    return gzip.decompress(path.read_bytes())


def _marked() -> set[str]:
    """The names of all secret fields that requests and answers have."""
    found: set[str] = set()
    seen: set[str] = set()
    for procedure in procedures():
        for kind in (procedure.request, procedure.response):
            found |= {field.full_name for field in _fields(kind.DESCRIPTOR, seen) if _is_secret(field)}
    return found


def _fields(descriptor: Any, seen: set[str]) -> Iterator[FieldDescriptor]:
    if descriptor.full_name in seen:
        return
    seen.add(descriptor.full_name)
    for field in descriptor.fields:
        yield field
        if field.message_type is not None and str(field.message_type.full_name).startswith("agentrouter."):
            yield from _fields(field.message_type, seen)


def _filled(message: Message) -> Iterator[tuple[str, str]]:
    """Name and value of every secret field that the message has, however deep."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for each in value if field.is_repeated else [value]:
                if isinstance(each, Message):
                    yield from _filled(each)
        elif _is_secret(field):
            yield str(field.full_name), value if isinstance(value, str) else repr(value)


def _is_secret(field: FieldDescriptor) -> bool:
    return bool(field.GetOptions().debug_redact)
