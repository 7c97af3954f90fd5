"""From the text that people send to a checked source document, or to every fault of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract import (
    ConsumerDocument,
    ContractError,
    Fault,
    WorkspaceDocument,
    parse_consumer,
    parse_text,
    parse_workspace,
    unserved_parts,
)
from contract.egress import EgressPolicy, egress_faults
from controlplane.domain.errors import FieldFault, InvalidInput


@dataclass(frozen=True, slots=True)
class Parsed:
    """A source as it was written, and what the contract made of it."""

    raw: Mapping[str, Any] = field(repr=False)
    document: WorkspaceDocument | ConsumerDocument = field(repr=False)


def parse_source(user_id: str, content: str | bytes, egress: EgressPolicy) -> Parsed:
    """Raises InvalidInput with every fault, those of where requests may not go after all others.

    A consumer's document must name its own consumer.
    """
    try:
        raw = parse_text(content)
        parsed = Parsed(raw, parse_consumer(raw) if user_id else parse_workspace(raw))
    except ContractError as error:
        raise invalid(error.faults) from None
    if isinstance(parsed.document, ConsumerDocument):
        _require_own(user_id, parsed.document)
        _refuse(unserved_parts(parsed.document))
    else:
        _refuse(unserved_parts(parsed.document))
        _refuse(egress_faults(parsed.document, egress))
    return parsed


def invalid(found: Sequence[Fault]) -> InvalidInput:
    """The refusal of a document."""
    faults = tuple(FieldFault(fault.path, fault.code, fault.message) for fault in found)
    return InvalidInput(f"the document has {len(faults)} fault(s)", faults, reason="DOCUMENT_INVALID")


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise invalid(faults)


def _require_own(user_id: str, document: ConsumerDocument) -> None:
    if document.consumer_id != user_id:
        fault = FieldFault("consumer_id", "mismatch", f"must be {user_id!r}, the consumer the document is put for")
        raise InvalidInput("the document is another consumer's", (fault,), reason="DOCUMENT_INVALID")
