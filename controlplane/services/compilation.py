"""Compiles what is stored: one document for TriggerUpdate, a page of them for a full synchronisation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from contract import ContractError, parse_consumer, parse_workspace
from controlplane.domain.documents import SourceDocument
from controlplane.domain.errors import DoesNotCompile, FieldFault
from controlplane.services.ports import UnitOfWork
from controlplane.services.snapshots import consumer_snapshot_of, snapshot_of
from controlplane.services.source_text import field_faults
from controlplane.valet.compiling import Compiled, ConsumerSnapshot, compile_consumer, compile_workspace

Parsed = TypeVar("Parsed")

BREATH = 25  # documents compiled before others get their turn


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document compiled from `source` and what else was stored at its generation."""

    source: SourceDocument
    compiled: Compiled

    @property
    def user_id(self) -> str:
        """Whose it is."""
        return self.source.user_id

    def holds(self, source: SourceDocument | None) -> bool:
        """Whether the inputs are still those. One that was removed and made again counts its generations anew, but has
        another etag."""
        known = self.source
        return source is not None and (source.etag, source.generation) == (known.etag, known.generation)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a stored document does not compile (any more); `message` is safe to show."""

    user_id: str
    message: str


async def source_of(work: UnitOfWork, workspace_id: str, user_id: str) -> SourceDocument:
    """Raises DoesNotCompile when nothing was put yet."""
    source = await work.documents.get(workspace_id, user_id)
    if source is None:
        noun = f"consumer {user_id!r}" if user_id else "the workspace"
        fault = FieldFault("document", "missing", f"{noun} has no source document yet; put one first")
        raise DoesNotCompile(f"there is nothing to compile for {noun}", (fault,))
    return source


async def prepare(work: UnitOfWork, source: SourceDocument) -> Prepared:
    """Raises DoesNotCompile with every problem and path."""
    if source.user_id:
        consumer = await consumer_snapshot_of(work, source.workspace_id, _parsed(parse_consumer, source))
        return Prepared(source, compile_consumer(consumer))
    snapshot = await snapshot_of(work, source.workspace_id, _parsed(parse_workspace, source))
    return Prepared(source, compile_workspace(snapshot))


async def prepare_all(
    work: UnitOfWork, workspace_id: str, sources: Sequence[SourceDocument]
) -> list[Prepared | Problem]:
    """Those of one workspace, in their order; one bad document stops none of the others."""
    own = await work.backends.users_with_backends(workspace_id, [source.user_id for source in sources])
    done: list[Prepared | Problem] = []
    for place, source in enumerate(sources):
        if place % BREATH == 0:
            await asyncio.sleep(0)
        try:
            if source.user_id and source.user_id not in own:  # most: nothing has to be asked for them
                consumer = ConsumerSnapshot(_parsed(parse_consumer, source))
                done.append(Prepared(source, compile_consumer(consumer)))
            else:
                done.append(await prepare(work, source))
        except DoesNotCompile as problem:
            done.append(Problem(source.user_id, _in_one_line(problem)))
    return done


def _parsed(parse: Callable[[Mapping[str, Any]], Parsed], source: SourceDocument) -> Parsed:
    """What an older release stored may be refused by the rules of this one."""
    try:
        return parse(json.loads(source.content))
    except ContractError as error:
        faults = field_faults(error.faults)
        raise DoesNotCompile("the stored document does not keep the rules of this release", faults) from None


def _in_one_line(problem: DoesNotCompile) -> str:
    faults = "; ".join(f"{fault.path}: {fault}" for fault in problem.faults[:5])
    return f"{problem.message}: {faults}" if faults else problem.message
