"""Reports how long files and functions are, since long ones hide more than one idea."""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("contract", "controlplane", "liaison_agent", "agentrouter_cli", "relay", "benchmarks", "tools", "tests")
FILE_LINES = 300
FUNCTION_LINES = 40


@dataclass(frozen=True, slots=True)
class Size:
    """Lines of a file (`function` empty) or of a function in it; `line` is where it starts."""

    path: str
    line: int
    function: str
    lines: int

    def __str__(self) -> str:
        return f"{self.lines:5}  {self.path}:{self.line} {self.function}".rstrip()


def python_files(root: Path) -> Iterator[Path]:
    """Every handwritten Python file of the project, in a stable order."""
    for folder in FOLDERS:
        yield from sorted((root / folder).rglob("*.py"))


def sizes_of(path: Path, name: str) -> Iterator[Size]:
    """The file's own size, then that of each function and method in it, decorators not counted."""
    text = path.read_text(encoding="utf-8")
    yield Size(name, 1, "", len(text.splitlines()))
    for node in ast.walk(ast.parse(text, filename=name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Size(name, node.lineno, node.name, (node.end_lineno or node.lineno) - node.lineno + 1)


def all_sizes(root: Path = ROOT) -> list[Size]:
    """Sizes of everything, largest first."""
    found = [size for path in python_files(root) for size in sizes_of(path, str(path.relative_to(root)))]
    return sorted(found, key=lambda size: (-size.lines, size.path, size.line))


def report(sizes: Sequence[Size]) -> str:
    """The totals, and everything over the lengths that want a second look."""
    files = [size for size in sizes if not size.function]
    functions = [size for size in sizes if size.function]
    long_files = [size for size in files if size.lines > FILE_LINES]
    long_functions = [size for size in functions if size.lines > FUNCTION_LINES]
    return "\n".join(
        [
            _summary("files", files, FILE_LINES),
            *map(str, long_files),
            _summary("functions", functions, FUNCTION_LINES),
            *map(str, long_functions),
        ]
    )


def _summary(what: str, sizes: Sequence[Size], limit: int) -> str:
    if not sizes:
        return f"{what}: none"
    over = sum(size.lines > limit for size in sizes)
    median = sizes[len(sizes) // 2].lines
    within = (len(sizes) - over) / len(sizes)
    return f"{what}: {len(sizes)}, median {median} lines, longest {sizes[0].lines}, {within:.1%} within {limit}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=ROOT, help="folder of the project")
    print(report(all_sizes(parser.parse_args(arguments).root)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
