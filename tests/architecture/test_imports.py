"""Imports point downwards only; import-linter's contracts in pyproject.toml say where down is."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source_code import ROOT, modules


def test_every_import_contract_is_kept() -> None:
    linter = Path(sys.executable).parent / "lint-imports"

    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_folder_with_code_is_a_package() -> None:
    folders = {Path(module.path).parent for module in modules()}

    unseen = [str(folder) for folder in folders if not (ROOT / folder / "__init__.py").is_file()]

    assert unseen == [], "without __init__.py the import contracts do not see these"


def test_every_package_of_the_product_is_under_the_import_contracts() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {
        "tests",
        "benchmarks",
        "tools",
        "migrations",
    }

    assert packages == set(project["tool"]["importlinter"]["root_packages"])


@pytest.mark.parametrize("package", ["controlplane", "liaison_agent"])
def test_the_page_draws_the_layers_that_are_kept(package: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = [each for each in project["tool"]["importlinter"]["contracts"] if each.get("containers") == [package]]
    page = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    (drawn,) = re.findall(rf"^    {package}:((?:.+\n)+)", page.replace("\n                   >", " >"), re.MULTILINE)

    layers = [[name.strip() for name in part.split(",")] for part in drawn.splitlines()[0].split(">")]

    kept = [[name for name in layer.split(" | ") if not name.startswith("(")] for layer in contract["layers"]]
    assert layers == kept
