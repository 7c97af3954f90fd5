"""Documents as files: read, filled in from the operator's environment, and written so that `apply` takes them back."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from agentrouter_cli.errors import Refused, WrongUsage
from contract import (
    ContractError,
    escape_environment,
    expand_environment,
    parse_text,
    unset_variables,
)

STANDARD_INPUT: Final = "-"

CONSUMER_VERSION: Final = "consumer/v1"
_WRITTEN_FIRST: Final = (
    *("version", "consumer_id", "name", "listeners", "providers", "routing"),
    *("entrypoints", "recipes", "setup", "global"),
)
_FIRST: Final = {key: rank for rank, key in enumerate(_WRITTEN_FIRST)}
_LOOKS_LIKE_NUMBER: Final = re.compile(r"[-+.]?[0-9]")


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """One file's document, ready to send. `content` may hold credentials and is never shown."""

    file: str
    user_id: str
    content: Mapping[str, Any] = field(repr=False)
    unset_variables: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What PutDocument takes."""
        return json.dumps(self.content, ensure_ascii=False)

    @property
    def title(self) -> str:
        """What it configures, for people."""
        return f"consumer {self.user_id}" if self.user_id else "workspace"


def load_documents(files: Sequence[str], user_id: str, environment: Mapping[str, str]) -> list[LoadedDocument]:
    """Read every file. Raises Refused with all faults of a file, WrongUsage for files that cannot be read or clash."""
    loaded = [load_document(file, read_input(file), user_id, environment) for file in files]
    first: dict[str, LoadedDocument] = {}
    for document in loaded:
        other = first.setdefault(document.user_id, document)
        if other is not document:
            raise WrongUsage(
                f"{other.file} and {document.file} both are the {document.title} document; apply one of them"
            )
    return loaded


def as_yaml(content: Mapping[str, Any]) -> str:
    """YAML that `apply` reads back as the same document."""
    return as_source_yaml(escape_environment(content))


def as_source_yaml(content: Mapping[str, Any]) -> str:
    """YAML of a document as its author writes it, in which `$` may mean a variable."""
    return yaml.dump(
        _ordered(content),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=120,
    )


def _ordered(value: Any) -> Any:
    """Keys in the order in which people write them; the product stores them sorted."""
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: _FIRST.get(key, len(_FIRST)))}
    if isinstance(value, list):
        return [_ordered(element) for element in value]
    return value


def load_document(file: str, text: bytes, user_id: str, environment: Mapping[str, str]) -> LoadedDocument:
    """The text of a file as a document. Raises Refused with all its faults, WrongUsage when it is another user's."""
    try:
        raw = parse_text(text)
        content = expand_environment(raw, environment)
    except ContractError as problem:
        raise _refused(file, problem) from None
    owner = str(content.get("consumer_id", "")) if content.get("version") == CONSUMER_VERSION else ""
    if user_id and owner and owner != user_id:
        raise WrongUsage(f"{file} is the document of consumer {owner!r}, but --user says {user_id!r}")
    return LoadedDocument(file, user_id or owner, content, unset_variables(raw, environment))


def read_input(file: str) -> bytes:
    """The file's bytes, or those of standard input. Raises WrongUsage."""
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as problem:
        raise WrongUsage(f"cannot read {file}: {problem.strerror or problem}") from None


def _refused(file: str, problem: ContractError) -> Refused:
    count = len(problem.faults)
    name = "standard input" if file == STANDARD_INPUT else file
    return Refused(
        f"{name} has {count} fault{'' if count == 1 else 's'}; nothing was stored",
        code="DOCUMENT_INVALID",
        faults=problem.faults,
    )


class _Dumper(yaml.SafeDumper):
    """Quotes text that a reader of YAML 1.2 would take for a number."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists below their key."""
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _LOOKS_LIKE_NUMBER.match(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
