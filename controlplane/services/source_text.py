"""From the text that people send to a checked source document, or to every fault of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract import (
    ConsumerDocument,
    ContractError,
    Fault,
    Judgement,
    WorkspaceDocument,
    judge_consumer,
    judge_workspace,
    located,
    parse_text,
    unserved_parts,
)
from contract.egress import EgressPolicy, egress_faults
from controlplane.domain.errors import FieldFault, InvalidInput


@dataclass(frozen=True, slots=True)
class Parsed:
    """A source as it was written, and what the contract made of it."""

    raw: Mapping[str, Any] = field(repr=False)
    document: WorkspaceDocument | ConsumerDocument = field(repr=False)


@dataclass(frozen=True, slots=True)
class JudgedSource:
    """`parsed` is there exactly when it may be put, as far as the text alone says; `findings` hold warnings too."""

    parsed: Parsed | None
    findings: tuple[FieldFault, ...]


def parse_source(user_id: str, content: str | bytes, egress: EgressPolicy) -> Parsed:
    """Raises InvalidInput with every fault, those of where requests may not go after all others.

    A consumer's document must name its own consumer.
    """
    judged = judge_source(user_id, content, egress)
    if judged.parsed is None:
        raise invalid(tuple(one for one in judged.findings if one.severity == "error"))
    return judged.parsed


def judge_source(user_id: str, content: str | bytes, egress: EgressPolicy) -> JudgedSource:
    """The same without raising, and with the warnings."""
    try:
        raw = parse_text(content)
    except ContractError as error:
        return JudgedSource(None, field_faults(error.faults))
    judged: Judgement[ConsumerDocument] | Judgement[WorkspaceDocument]
    judged = judge_consumer(raw, content) if user_id else judge_workspace(raw, content)
    if judged.document is None:
        return JudgedSource(None, field_faults(judged.findings))
    faults = located(_faults_of_putting(user_id, judged.document, egress), content)
    parsed = None if faults else Parsed(raw, judged.document)
    return JudgedSource(parsed, field_faults((*faults, *judged.warnings)))


def field_faults(found: Iterable[Fault]) -> tuple[FieldFault, ...]:
    """The contract's faults in the domain's words."""
    return tuple(
        FieldFault(one.path, one.code, one.message, one.remedy, one.severity, one.line, one.column) for one in found
    )


def placed(faults: Iterable[FieldFault], content: str | bytes) -> tuple[FieldFault, ...]:
    """Faults that were found without the text, with their lines and columns in it."""
    found = (Fault(one.path, one.code, one.message, one.remedy, one.severity) for one in faults)
    return field_faults(located(found, content))


def invalid(faults: tuple[FieldFault, ...]) -> InvalidInput:
    """The refusal of a document."""
    return InvalidInput(f"the document has {len(faults)} fault(s)", faults, reason="DOCUMENT_INVALID")


def _faults_of_putting(
    user_id: str, document: ConsumerDocument | WorkspaceDocument, egress: EgressPolicy
) -> tuple[Fault, ...]:
    """What the contract allows and the product does not take."""
    if isinstance(document, WorkspaceDocument):
        return unserved_parts(document) or egress_faults(document, egress)
    if document.consumer_id != user_id:
        message = f"must be {user_id!r}, the consumer the document is put for"
        return (Fault("consumer_id", "mismatch", message, "correct it, or put it for that consumer"),)
    return unserved_parts(document)
