"""Fixtures every test may ask for: golden files, free ports, a real PostgreSQL, the acceptance material."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import acceptance, ports
from tests.fakes.postgres import PostgresServer, running_postgres
from tests.golden_files import Golden

# How long an example takes is the machine's affair: a busy one must not fail what is right.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

gc.disable()  # until everything is collected: what is made until then stays


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Let the garbage collector look through what tests make, and not each time through all modules and tests."""
    gc.enable()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of this project's tests."""
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare with, or update, golden files."""
    return Golden(update=bool(request.config.getoption("--update-golden")))


@pytest.fixture(scope="session")
def free_ports() -> Callable[[int], list[int]]:
    """Ask for that many TCP ports on 127.0.0.1, all different, that nobody else is given."""
    return ports.free_ports


@pytest.fixture
def free_port() -> int:
    """One TCP port on 127.0.0.1 that nobody else is given."""
    return ports.free_port()


@pytest.fixture(scope="session")
def acceptance_folder() -> Path:
    """The acceptance material; the test is skipped where it is absent, since it is not part of the repository."""
    if not acceptance.FOLDER.is_dir():
        pytest.skip("the acceptance material (../shared/acceptance beside the repository) is absent")
    return acceptance.FOLDER


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One real PostgreSQL for this test process, started when first asked for."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The SQLAlchemy address of an empty database that only this test uses."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)
