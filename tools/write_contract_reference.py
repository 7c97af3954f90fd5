"""Writes docs/CONTRACT-REFERENCE.md from the models of the contract: of every field its type, default, bounds, meaning.

`python -m tools.write_contract_reference` writes it; with `--check` it only says whether the page is stale.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from contract import ConsumerDocument, WorkspaceDocument
from contract.json_schema import schema_of
from contract.serving import UNSERVED

PAGE: Final = Path(__file__).parent.parent / "docs" / "CONTRACT-REFERENCE.md"

_HEAD: Final = """# The contract, field by field

Written by `tools/write_contract_reference.py` from the models in `contract/`; a test fails when it is stale. The guide
to read is [CONTRACT.md](CONTRACT.md). A **required** field has no default; `–` means absent unless written. In a path,
`[]` is any entry of a list, `[x]` any entry whose type is `x`, `*` any key of a mapping. What is *not run yet* is
valid, and refused by name when a document that asks for it is put: no data plane of this release acts on it.
"""
_NOT_RUN: Final = "*not run yet*"
_BOUNDS: Final = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "maxLength": "≤ {} signs",
    "maxItems": "≤ {} entries",
    "minItems": "≥ {} entries",
    "pattern": "`{}`",
}
_WORDS: Final = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
_LARGEST: Final = 2**53


class _Section(NamedTuple):
    """A part of the document: where it stands first, and the schema of its model."""

    path: str
    name: str
    schema: dict[str, Any]


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for title, model in (("The workspace document", WorkspaceDocument), ("The consumer document", ConsumerDocument)):
        schema = schema_of(model)
        parts.append(f"\n## {title}\n")
        sections = list(_sections(schema))
        places = {section.name: section for section in sections}
        parts += [_written(section, places) for section in sections]
    return "".join(parts)


def _sections(schema: dict[str, Any]) -> Iterator[_Section]:
    """Each model once, where it stands first, in the order in which a reader of the document meets it."""
    seen: set[str] = set()
    waiting = [_Section("", schema["title"], schema)]
    while waiting:
        section = waiting.pop(0)
        if section.name in seen:
            continue
        seen.add(section.name)
        yield section
        waiting[:0] = [
            _Section(_of_type(at, schema["$defs"][name]), name, schema["$defs"][name])
            for key, field in section.schema.get("properties", {}).items()
            for at, name in _held(field, f"{section.path}.{key}" if section.path else key)
        ]


def _of_type(path: str, schema: dict[str, Any]) -> str:
    """The path of a variant names its type, so that what it holds is told apart from what the others hold."""
    tag = schema.get("properties", {}).get("type", {}).get("const")
    return f"{path.removesuffix('[]')}[{tag}]" if tag else path


def _held(field: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """The models inside a field, with their paths."""
    if "$ref" in field:
        yield path, field["$ref"].rpartition("/")[2]
    for variant in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        yield from _held(variant, path)
    if isinstance(field.get("items"), dict):
        yield from _held(field["items"], f"{path}[]")
    if isinstance(field.get("additionalProperties"), dict):
        yield from _held(field["additionalProperties"], f"{path}.*")


def _is_run(path: str) -> bool:
    """Whether data planes act on what is written there; some parts are listed by a part that holds them."""
    return not any(path == part or path.startswith((f"{part}.", f"{part}[")) for part in UNSERVED)


def _written(section: _Section, places: dict[str, _Section]) -> str:
    title = f"`{section.path}`" if section.path else "The top level"
    lines = [f"\n### {title}{'' if _is_run(section.path) else f' {_NOT_RUN}'}\n"]
    if said := section.schema.get("description"):
        lines.append(f"\n{said}\n")
    if section.schema.get("additionalProperties") is True:
        lines.append("\nFurther keys are passed on as they are.\n")
    if fields := section.schema.get("properties", {}):
        required = set(section.schema.get("required", ()))
        lines.append("\n| field | type | default | bounds | meaning |\n|---|---|---|---|---|\n")
        for key, field in fields.items():
            row = _row(key, field, places, required=key in required)
            is_first = _is_run(section.path) and not _is_run(f"{section.path}.{key}" if section.path else key)
            lines.append(f"| {row}{f'; {_NOT_RUN}' if is_first else ''} |\n")
    return "".join(lines)


def _row(key: str, field: dict[str, Any], places: dict[str, _Section], *, required: bool) -> str:
    bounds = ", ".join(_bounds(field))
    cells = (f"`{key}`", _type(field, places), _default(field, required=required), bounds, meaning(field, places))
    return " | ".join(cell.replace("|", "\\|") for cell in cells)


def meaning(field: dict[str, Any], places: dict[str, _Section]) -> str:
    """What the model says of the field; of one that is a section, what the section says of itself first."""
    if said := field.get("description", ""):
        return str(said).replace("\n", " ")
    if field.get("deprecated"):
        return "an earlier name"
    sections = [places[name].schema.get("description", "") for _, name in _held(field, "")]
    return _beginning(sections[0]) if len(sections) == 1 else ""


def _beginning(text: str) -> str:
    """The first part of the first sentence, as it stands after something else."""
    first = re.split(r"[.;:](?=\s|$)", text.replace("\n", " "))[0]
    return first if first[1:2].isupper() else first[:1].lower() + first[1:]


def _type(field: dict[str, Any], places: dict[str, _Section]) -> str:
    if "$ref" in field:
        return f"section, as `{places[field['$ref'].rpartition('/')[2]].path}`"
    if "const" in field or "enum" in field:
        return ", ".join(f"`{word}`" for word in field.get("enum", [field.get("const")]))
    if variants := [one for one in (*field.get("anyOf", ()), *field.get("oneOf", ())) if one.get("type") != "null"]:
        return " or ".join(dict.fromkeys(_type(one, places) for one in variants))
    if field.get("type") == "array":
        return f"list of {_type(field['items'], places) if field.get('items') else 'anything'}"
    if field.get("type") == "object":
        held = field.get("additionalProperties")
        return f"mapping of {_type(held, places)}" if isinstance(held, dict) else "mapping of anything"
    if "examples" in field and field.get("type") == "string":
        return f"text such as `{field['examples'][0]}`"
    kinds = field["type"] if isinstance(field.get("type"), list) else [field.get("type", "")]
    return " or ".join(_WORDS.get(kind, "anything") for kind in kinds if kind != "null")


def _default(field: dict[str, Any], *, required: bool) -> str:
    if required:
        return "**required**"
    if "default" not in field:
        return "follows from other fields"
    value = field["default"]
    if value is None:
        return "–"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _bounds(field: dict[str, Any]) -> Iterator[str]:
    """Of the field itself, or of its only form that is not null; bounds that only keep numbers exact are left out."""
    forms = [one for one in field.get("anyOf", ()) if one.get("type") != "null"]
    source = forms[0] if len(forms) == 1 else field
    for key, words in _BOUNDS.items():
        if key in source and source[key] not in (_LARGEST, -_LARGEST, float(_LARGEST), -float(_LARGEST)):
            yield words.format(_number(source[key]))


def _number(bound: Any) -> str:
    """1000000000.0 → 1,000,000,000; what is no number as it is."""
    whole = isinstance(bound, int | float) and bound == int(bound)
    return f"{int(bound):,}" if whole else str(bound)


def main(arguments: list[str]) -> int:
    """0 when the page is as it should be."""
    if "--check" not in arguments:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        command = "`.venv/bin/python -m tools.write_contract_reference`"
        print(f"docs/CONTRACT-REFERENCE.md is stale: run {command}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
