"""From a mapping or delivered bytes to a checked document: the order of the steps, and how strict each reader is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from contract.backend_secrets import check_delivered_secrets
from contract.consumer_document import ConsumerDocument
from contract.consumer_rules import check_consumer
from contract.faults import ContractError, Fault, FaultLog
from contract.fields import Part
from contract.fragments import cannot_be_known, in_its_place
from contract.layout import require_canonical_layout
from contract.plain_values import plain
from contract.retired_keys import (
    DEPRECATED,
    MIGRATE,
    SAVED_APART,
)
from contract.serving import unserved_parts
from contract.structure import Fitting, Retired, build
from contract.text import parse_json
from contract.workspace_document import WorkspaceDocument
from contract.workspace_rules import check_workspace

D = TypeVar("D", bound=Part)

_OF_WORKSPACES: Final = Retired(DEPRECATED, hint=MIGRATE)
_OF_CONSUMERS: Final = Retired({}, SAVED_APART)
_OF_DELIVERED_CONSUMERS: Final = Retired()


def parse_workspace(raw: Mapping[str, Any]) -> WorkspaceDocument:
    """A workspace document as people write it. Raises ContractError with every fault."""
    log = FaultLog()
    return workspace_of(plain(raw, log), log)


def parse_consumer(raw: Mapping[str, Any]) -> ConsumerDocument:
    """A consumer document as people write it. Raises ContractError with every fault."""
    log = FaultLog()
    return consumer_of(plain(raw, log), log)


def parse_fragment(raw: Mapping[str, Any]) -> WorkspaceDocument:
    """A part of a workspace document, as `contract.judging.judge_fragment` says. Raises ContractError."""
    log = FaultLog()
    return fragment_of(in_its_place(plain(raw, log)), log)


def workspace_of(raw: dict[str, Any], log: FaultLog) -> WorkspaceDocument:
    """`parse_workspace` of plain values, with the warnings left in the log."""
    return _workspace(require_canonical_layout(raw, log), log, tolerate_unknown=False)


def consumer_of(raw: dict[str, Any], log: FaultLog) -> ConsumerDocument:
    """`parse_consumer` of plain values, with the warnings left in the log."""
    return _consumer(raw, log, _OF_CONSUMERS, tolerate_unknown=False)


def fragment_of(raw: dict[str, Any], log: FaultLog) -> WorkspaceDocument:
    """A document with nothing but a fragment in it, judged without the references that cannot be known."""
    fitted = Fitting(_OF_WORKSPACES, log).fit(raw, WorkspaceDocument)
    check_workspace(fitted, log)
    document = build(fitted, WorkspaceDocument, log)
    log.forgive(lambda fault: cannot_be_known(fault, fitted))
    return _accepted(document, log)


def read_workspace(delivered: bytes) -> WorkspaceDocument:
    """What an agent calls on delivered bytes. Raises ContractError.

    Keys that no release up to this one knows are passed over. What this release knows but cannot serve is refused, for
    serving a document without its restrictions would be worse; so is an inline credential, which is never delivered.
    """
    log = FaultLog()
    document = _workspace(plain(parse_json(delivered), log), log, tolerate_unknown=True)
    check_delivered_secrets(document, log)
    log.raise_if_any()
    return _served(document)


def read_consumer(delivered: bytes) -> ConsumerDocument:
    """What an agent calls on delivered bytes; as tolerant as `read_workspace`. Raises ContractError."""
    log = FaultLog()
    return _served(_consumer(plain(parse_json(delivered), log), log, _OF_DELIVERED_CONSUMERS, tolerate_unknown=True))


def _served(document: D) -> D:
    if faults := unserved_parts(document):
        raise ContractError(faults)
    return document


def _workspace(raw: dict[str, Any], log: FaultLog, *, tolerate_unknown: bool) -> WorkspaceDocument:
    fitted = Fitting(_OF_WORKSPACES, log, tolerate_unknown).fit(raw, WorkspaceDocument)
    check_workspace(fitted, log)
    return _accepted(build(fitted, WorkspaceDocument, log), log)


def _consumer(raw: dict[str, Any], log: FaultLog, retired: Retired, *, tolerate_unknown: bool) -> ConsumerDocument:
    fitted = Fitting(retired, log, tolerate_unknown).fit(raw, ConsumerDocument)
    check_consumer(fitted, log)
    return _accepted(build(fitted, ConsumerDocument, log), log)


def _accepted(document: D | None, log: FaultLog) -> D:
    log.raise_if_any()
    if document is None:  # pragma: no cover - a refusal without a fault would be our own mistake
        raise ContractError([Fault("", "value", "was refused")])
    return document
