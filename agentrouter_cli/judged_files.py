"""Files as the contract judges them: everything found, each with its place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import contract
from agentrouter_cli.documents import CONSUMER_VERSION, STANDARD_INPUT, LoadedDocument, load_document, read_input
from contract import ContractError, Fault, expand_environment, located, parse_text, unset_references
from contract.faults import in_document_order


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """A file and its findings, faults and warnings, in the order of their lines. `text` may hold credentials."""

    file: str
    text: bytes
    findings: tuple[Fault, ...] = ()

    @property
    def name(self) -> str:
        """What messages call it."""
        return "standard input" if self.file == STANDARD_INPUT else self.file

    @property
    def faults(self) -> tuple[Fault, ...]:
        return tuple(one for one in self.findings if one.severity == "error")

    @property
    def warnings(self) -> tuple[Fault, ...]:
        return tuple(one for one in self.findings if one.severity == "warning")

    def with_more(self, findings: list[Fault]) -> JudgedFile:
        """With what somebody else found too."""
        return JudgedFile(self.file, self.text, _in_order((*self.findings, *located(findings, self.text))))

    def loaded(self, user_id: str, environment: Mapping[str, str]) -> LoadedDocument:
        """The document, ready to send. Raises Refused, WrongUsage."""
        return load_document(self.file, self.text, user_id, environment)


def judge_file(file: str, user_id: str, environment: Mapping[str, str], *, fragment: bool) -> JudgedFile:
    """With the variables of the environment filled in; one that is not set is a warning. Raises WrongUsage."""
    text = read_input(file)
    try:
        raw = parse_text(text)
        content = expand_environment(raw, environment)
    except ContractError as refusal:
        return JudgedFile(file, text, _in_order(located(refusal.faults, text)))
    if fragment:
        found = contract.judge_fragment(content, text).findings
    elif user_id or content.get("version") == CONSUMER_VERSION:
        found = contract.judge_consumer(content, text).findings
    else:
        found = contract.judge_workspace(content, text).findings
    unset = unset_references(raw, environment)
    return JudgedFile(file, text, _in_order((*found, *located(unset, text))))


def _in_order(findings: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """By line; what has none comes first."""
    return tuple(sorted(in_document_order(findings), key=lambda one: (one.line or 0, one.column or 0)))
