"""Fixtures of the command line's tests: a product that answers, and a way to call commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentrouter_cli.main import main
from tests.fakes.product import KEY, FakeProduct, running_product


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    exit_code: int
    out: str
    err: str


Call = Callable[..., Outcome]


@pytest.fixture(scope="module")
def _served() -> Iterator[FakeProduct]:
    with running_product() as product:
        yield product


@pytest.fixture
def product(_served: FakeProduct) -> Iterator[FakeProduct]:
    """One that answers, empty for each test, and must not have broken itself in it."""
    _served.__init__(url=_served.url)  # type: ignore[misc]  # starts anew, the server keeps the object
    yield _served
    assert _served.broke_with == []


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    """Run `agentrouter …` in this process, in an environment that knows no product."""
    for name in ("URL", "KEY", "KEY_FILE", "WORKSPACE"):
        monkeypatch.delenv(f"AGENTROUTER_{name}", raising=False)
    monkeypatch.setenv("AGENTROUTER_HOME", str(tmp_path / "home"))

    def run(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as left:
            main(arguments)
        out, err = capfd.readouterr()
        code = left.value.code
        return Outcome(code if isinstance(code, int) else int(bool(code)), out, err)

    return run


@pytest.fixture
def cli(product: FakeProduct, call: Call, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run `agentrouter …` against the product that answers."""
    monkeypatch.setenv("AGENTROUTER_URL", product.url)
    monkeypatch.setenv("AGENTROUTER_KEY", KEY)
    return call
