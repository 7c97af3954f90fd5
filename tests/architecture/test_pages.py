"""The pages for people lead where they say: their links, the files they name, make targets, every command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup

from agentrouter_cli.command_table import TABLE, loaded
from tests.architecture.source_code import ROOT, tracked_files
from tests.architecture.test_makefile import make

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\[[^\]]+\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
SOURCE = re.compile(r"`([\w./-]+\.(?:py|proto|lua))`")
CALL = re.compile(r"(?:^|(?<=[\s`\"'(/]))agentrouter (?=[a-z-])")
NOT_YET = "not yet"

page_of_each = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@page_of_each
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [
        f"{target}#{anchor}"
        for target, anchor in LINK.findall(page.read_text())
        if not _is_there(page.parent / target if target else page, anchor)
    ]

    assert broken == []


@page_of_each
def test_every_source_file_that_is_named_is_there(page: Path) -> None:
    there = [f"/{path.relative_to(ROOT)}" for path in tracked_files()]

    named = set(SOURCE.findall(page.read_text()))

    assert {name for name in named if not any(path.endswith(f"/{name}") for path in there)} == set()


@page_of_each
def test_every_make_target_is_there(page: Path) -> None:
    known = set(re.findall(r"^  ([a-z-]+) ", make("help"), re.MULTILINE))
    benches = set(make("help").partition("benchmarks: ")[2].split())

    named = set(re.findall(r"(?:`|^    )make ([a-z-]+)", page.read_text(), re.MULTILINE))

    assert {name for name in named if name not in known and name.removeprefix("bench-") not in benches} == set()


@page_of_each
def test_every_command_line_is_one_that_there_is(page: Path) -> None:
    problems = [problem for line in _calls(page.read_text()) if (problem := _problem(line))]

    assert problems == []


def test_there_are_command_lines_and_links_to_look_at() -> None:
    """Or the tests above could not fail."""
    text = "\n".join(page.read_text() for page in PAGES)

    assert len(list(_calls(text))) > 60
    assert len(LINK.findall(text)) > 40
    assert len(SOURCE.findall(text)) > 60
    for misspelt in ("validat -f x", "apply --fil x", "keys consumer isue alice"):
        assert _problem(misspelt)


def _is_there(target: Path, anchor: str) -> bool:
    if not target.exists():
        return False
    return not anchor or anchor in {_anchor(line) for line in target.read_text().splitlines() if line.startswith("#")}


def _anchor(heading: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lstrip("#").strip().lower()).replace(" ", "-")


def _calls(text: str) -> Iterator[str]:
    """What follows `agentrouter`, up to where code ends; not of lines that say that it is not there yet."""
    for line in text.splitlines():
        if NOT_YET in line:
            continue
        for found in CALL.finditer(line):
            rest = line[found.end() :]
            in_code = line.startswith("    ") or line[: found.start()].count("`") % 2 == 1
            if in_code:
                yield re.split(r"[`|>#)]|\s\\$|; |…", rest)[0].strip().strip('"')


def _problem(line: str) -> str:
    """Why there is no such command; empty when there is."""
    name, *words = line.split()
    if name == "version" or name.startswith("-"):
        return ""
    if name not in TABLE:
        return f"agentrouter {line}: no {name!r}"
    command = loaded(name)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in command.commands:
            return f"agentrouter {line}: no {name!r}"
        command = command.commands[name]
    options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
    passes_on = command.context_settings.get("ignore_unknown_options", False)
    return f"agentrouter {line}: no {', '.join(unknown)}" if unknown and not passes_on else ""
