"""docs/ERRORS.md names every reason that the control plane can give, under its code, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from google.rpc import code_pb2

from controlplane.domain import errors
from controlplane.security.agent_auth import Refusal
from controlplane.transport.errors import CODES
from tests.architecture.source_code import ROOT, modules

ROW = re.compile(r"^\| ([A-Z_]+) \| ([A-Z_]+) \| (.+) \| (.+) \|$", re.MULTILINE)
BY_TRANSPORT = {
    ("INTERNAL", "INTERNAL"),
    ("UNIMPLEMENTED", "NOT_IN_THIS_RELEASE"),
    ("INVALID_ARGUMENT", "REQUEST_TOO_LARGE"),
    ("INVALID_ARGUMENT", "ANSWER_TOO_LARGE"),
    ("INVALID_ARGUMENT", "CONTENT_TYPE_UNSUPPORTED"),
    ("INVALID_ARGUMENT", "MALFORMED_REQUEST"),
    ("NOT_FOUND", "UNKNOWN_PATH"),
    ("UNIMPLEMENTED", "UNKNOWN_RPC"),
    ("UNIMPLEMENTED", "METHOD_NOT_ALLOWED"),
    ("UNIMPLEMENTED", "COMPRESSION_UNKNOWN"),
    ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
    ("CANCELLED", "CANCELLED"),
}


def code_of(kind: type[errors.DomainError]) -> str:
    """The code that transport gives it."""
    return str(code_pb2.Code.Name(next(code for known, code in CODES if issubclass(kind, known))))


def given() -> Iterator[tuple[str, str]]:
    """Every (code, reason) that stands in the code."""
    kinds = {kind.__name__: kind for kind, _ in CODES}
    yield from ((code_of(kind), kind.default_reason) for kind in kinds.values())
    yield from (("UNAUTHENTICATED", refusal.value) for refusal in Refusal)
    for module in modules("controlplane"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in kinds and (reason := _reason(node)):
                    yield code_of(kinds[name]), reason
    yield from BY_TRANSPORT


def told_by_transport() -> set[str]:
    """Reasons that transport gives without a domain error."""
    calls = [node for module in modules("controlplane.transport") for node in ast.walk(module.tree)]
    return {
        str(node.args[0].value)
        for node in calls
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_info"
        if isinstance(node.args[0], ast.Constant)
    }


def _reason(call: ast.Call) -> str:
    words = [each.value for each in call.keywords if each.arg == "reason"]
    return str(words[0].value) if words and isinstance(words[0], ast.Constant) else ""


def test_the_catalogue_names_every_reason_under_its_code() -> None:
    rows = ROW.findall((ROOT / "docs" / "ERRORS.md").read_text())

    named = [(code, reason) for code, reason, _, _ in rows]

    assert set(named) == set(given())
    assert len(named) == len(set(named))


def test_the_reasons_of_transport_are_all_known() -> None:
    assert told_by_transport() == {reason for _, reason in BY_TRANSPORT}
