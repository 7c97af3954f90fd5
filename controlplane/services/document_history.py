"""What was stored before, and what a document would change: versions of source documents, and differences."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from contract import (
    ConsumerDocument,
    ContractError,
    WorkspaceDocument,
    parse_consumer,
    parse_workspace,
    with_backend_secrets,
)
from contract.differences import SAID_NOTHING, DifferenceKind, Said, differences, said_by, said_raw
from contract.egress import STRICT, EgressPolicy
from controlplane.domain.callers import Caller, ManagementCaller, Role
from controlplane.domain.documents import DocumentVersion, SourceDocument
from controlplane.domain.errors import FieldFault, InvalidInput
from controlplane.services.access import reach_workspace
from controlplane.services.documents import compile_faults, refuse_dataplane, stored_source
from controlplane.services.ports import Store, UnitOfWork
from controlplane.services.secrets import SecretKeeper, inline_references
from controlplane.services.source_text import Parsed, parse_source

MOST_DIFFERENCES = 1000


@dataclass(frozen=True, slots=True)
class DiffDocument:
    """Compare `content`, YAML or JSON text, with a stored version; 0: with the newest, if there is any."""

    workspace_id: str
    user_id: str
    content: str = field(repr=False)
    version: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """One thing said differently; values are JSON, empty where nothing is said, and never a credential."""

    path: str
    kind: DifferenceKind | Literal["renewed"]
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """`faults`: what putting it would refuse. `version`, `etag`: of what it was compared with, if anything."""

    told: tuple[Told, ...]
    left_out: int
    faults: tuple[FieldFault, ...]
    version: int
    etag: str


class DocumentHistoryService:
    """Reads only; any management key may that reaches the workspace."""

    def __init__(self, store: Store, keeper: SecretKeeper, egress: EgressPolicy = STRICT) -> None:
        self._store = store
        self._keeper = keeper
        self._egress = egress

    async def list_versions(
        self, caller: Caller, workspace_id: str, user_id: str, before: int, limit: int
    ) -> list[DocumentVersion]:
        """Newest first, smaller than `before` (0: from the newest), without their content."""
        refuse_dataplane(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, caller, workspace_id)
            return await work.document_versions.page(workspace.id, user_id, before, limit)

    async def diff(self, caller: Caller, command: DiffDocument) -> Compared:
        """What a document says differently than the stored one, and what putting it would refuse.

        Raises NotFound for a version that is not kept.
        """
        refuse_dataplane(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, caller, command.workspace_id)
            stored = await _stored(work, workspace.id, command)
            against = Compared((), 0, (), stored.version if stored else 0, stored.etag if stored else "")
            try:
                parsed = await asyncio.to_thread(parse_source, command.user_id, command.content, self._egress)
            except InvalidInput as refused:
                return replace(against, faults=refused.faults)
            faults = await compile_faults(work, workspace.id, parsed)
            renewed = await self._renewed(work, caller, workspace.id, parsed)
        told = await asyncio.to_thread(_told, stored, parsed, renewed)
        left_out = max(0, len(told) - MOST_DIFFERENCES)
        return replace(against, told=tuple(told[:MOST_DIFFERENCES]), left_out=left_out, faults=faults)

    async def _renewed(self, work: UnitOfWork, caller: Caller, workspace_id: str, parsed: Parsed) -> list[str]:
        """Only who might put it may learn whether a credential is the stored one: others could guess it that way."""
        may_know = isinstance(caller, ManagementCaller) and caller.role >= Role.OPERATOR
        if not may_know or not isinstance(parsed.document, WorkspaceDocument):
            return []
        return await self._keeper.renewals(work, workspace_id, parsed.document)


async def _stored(work: UnitOfWork, workspace_id: str, command: DiffDocument) -> SourceDocument | None:
    if command.version:
        return await stored_source(work, workspace_id, command.user_id, command.version)
    return await work.documents.get(workspace_id, command.user_id)


def _told(stored: SourceDocument | None, parsed: Parsed, renewed: Sequence[str]) -> list[Told]:
    old = _said(stored) if stored else SAID_NOTHING
    told = [Told(each.path, each.kind, each.old, each.new) for each in differences(old, said_by(_as_stored(parsed)))]
    return [*told, *(Told(path, "renewed") for path in renewed)]


def _as_stored(parsed: Parsed) -> WorkspaceDocument | ConsumerDocument:
    """With references in place of inline credentials, which appear nowhere."""
    if not isinstance(parsed.document, WorkspaceDocument):
        return parsed.document
    return with_backend_secrets(parsed.document, inline_references(parsed.document))


def _said(stored: SourceDocument) -> Said:
    """A document that today's rules refuse is compared as it was written."""
    content = json.loads(stored.content)
    try:
        return said_by(parse_consumer(content) if stored.user_id else parse_workspace(content))
    except ContractError:
        return said_raw(content)
