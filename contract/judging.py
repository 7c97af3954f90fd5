"""A document from its source to a verdict: what it means, or everything that is wrong with it and where that stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from contract.consumer_document import ConsumerDocument
from contract.faults import ContractError, Fault, FaultLog, in_document_order
from contract.fields import Part
from contract.fragments import as_written, in_its_place, places_of
from contract.plain_values import plain
from contract.positions import located
from contract.reading import consumer_of, fragment_of, workspace_of
from contract.text import parse_text
from contract.workspace_document import WorkspaceDocument

D = TypeVar("D", bound=Part)
Source = Mapping[str, Any] | str | bytes


@dataclass(frozen=True, slots=True)
class Judgement(Generic[D]):
    """`document` is there exactly when there are no faults; warnings do not make it invalid. Both in order of paths."""

    document: D | None
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()

    @property
    def is_valid(self) -> bool:
        return not self.faults

    @property
    def findings(self) -> tuple[Fault, ...]:
        """Faults and warnings together, in the order of their paths."""
        return in_document_order((*self.faults, *self.warnings))

    def accepted(self) -> D:
        """The document. Raises ContractError with every fault."""
        if self.document is None:
            raise ContractError(self.faults)
        return self.document


def judge_workspace(source: Source, text: str | bytes | None = None) -> Judgement[WorkspaceDocument]:
    """A workspace document as people write it: YAML or JSON text, or a mapping. Never raises ContractError.

    `text` is what a mapping was read from, when that is known: findings then say line and column.
    """
    return _judged(source, text, workspace_of)


def judge_consumer(source: Source, text: str | bytes | None = None) -> Judgement[ConsumerDocument]:
    """A consumer document as people write it; as `judge_workspace`."""
    return _judged(source, text, consumer_of)


def judge_fragment(source: Source, text: str | bytes | None = None) -> Judgement[WorkspaceDocument]:
    """A part of a workspace document: some of its sections, or one `algorithm` or `plugin` of a decision.

    A reference is judged only when the fragment holds what it would have to name. The document of the judgement is the
    fragment in its place, with nothing around it.
    """
    placed: dict[str, str] = {}

    def read(raw: dict[str, Any], log: FaultLog) -> WorkspaceDocument:
        placed.update(places_of(raw))
        return fragment_of(in_its_place(raw), log)

    return _judged(source, text, read, lambda faults: as_written(faults, placed))


def _judged(
    source: Source,
    text: str | bytes | None,
    read: Callable[[dict[str, Any], FaultLog], D],
    as_in_text: Callable[[Iterable[Fault]], Iterable[Fault]] = tuple,
) -> Judgement[D]:
    log, document = FaultLog(), None
    faults: tuple[Fault, ...] = ()
    if isinstance(source, str | bytes):
        text = source
    try:
        raw = parse_text(source) if isinstance(source, str | bytes) else source
        document = read(plain(raw, log), log)
    except ContractError as refusal:
        faults = refusal.faults
    return Judgement(document, located(as_in_text(faults), text), located(as_in_text(log.warnings()), text))
