"""What is pure stays pure: the clock, randomness, ids and the environment are given, never taken."""

from __future__ import annotations

import pytest

from tests.architecture.source_code import modules

PURE = (
    "contract",
    "controlplane.domain",
    "controlplane.valet",
    "controlplane.services",
    "liaison_agent.state",
    "liaison_agent.planner",
    "liaison_agent.compiler",
)

TAKEN = {
    "datetime.now",
    "datetime.datetime.now",
    "datetime.utcnow",
    "time.time",
    "time.monotonic",
    "time.sleep",
    "uuid.uuid4",
    "random.random",
    "random.uniform",
    "secrets.token_bytes",
    "secrets.token_hex",
    "secrets.token_urlsafe",
    "os.environ",
    "os.getenv",
    "os.urandom",
}

NAMELESS = ("base", "common", "helpers", "manager", "misc", "utils")


@pytest.mark.parametrize("package", PURE)
def test_pure_code_takes_neither_time_nor_chance_nor_environment(package: str) -> None:
    looked_at = modules(package)

    taken = [
        f"{module.path}:{line} reads {name}"
        for module in looked_at
        for line, name in module.dotted_names()
        if name in TAKEN
    ]

    assert looked_at, f"{package} is gone; name its successor here"
    assert taken == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    nameless = [module.path for module in modules() if set(module.name.split(".")) & set(NAMELESS)]

    assert nameless == []
