"""The product's own source files, parsed, for the rules that no linter can express."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("contract", "controlplane", "liaison_agent", "agentrouter_cli", "relay")


@dataclass(frozen=True, slots=True)
class Module:
    """One source file: its dotted name, its path below the root and its syntax tree."""

    name: str
    path: str
    tree: ast.Module

    def is_in(self, *packages: str) -> bool:
        """Whether the module is one of these, or lies in one of them."""
        return any(self.name == package or self.name.startswith(f"{package}.") for package in packages)

    def imported(self) -> Iterator[str]:
        """Dotted names of all it imports; `from a import b` counts as both `a` and `a.b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def dotted_names(self) -> Iterator[tuple[int, str]]:
        """Every `a.b.c` that the code reads, with its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute) and (name := _dotted(node)):
                yield node.lineno, name


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (start := _dotted(node.value)):
        return f"{start}.{node.attr}"
    return ""


def modules(*packages: str) -> list[Module]:
    """All modules of the product, or those in the named packages."""
    return [module for module in _all_modules() if not packages or module.is_in(*packages)]


@cache
def _all_modules() -> list[Module]:
    return [_module(path) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def _module(path: Path) -> Module:
    relative = path.relative_to(ROOT)
    parts = relative.with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, str(relative), ast.parse(path.read_text(encoding="utf-8"), filename=str(relative)))


def tracked_files() -> list[Path]:
    """Every file that git tracks and that is still there."""
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]
