"""The promises of events and versions, held against random lives of everybody involved, on both databases."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.contract.events.machine import Lives
from tests.contract.events.world import Place, World, postgres_place, sqlite_place
from tests.fakes.postgres import PostgresServer

LIVES = int(os.environ.get("LIVES", "12"))  # more for a night: LIVES=2000
MODEST = settings(
    max_examples=LIVES,
    stateful_step_count=50,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The one on which every step of every life is run."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def live(place: Place, loop: asyncio.AbstractEventLoop) -> None:
    class LivesHere(Lives):
        make_world = staticmethod(lambda: World(place))

    LivesHere.loop = loop
    run_state_machine_as_test(LivesHere, settings=MODEST)


@pytest.mark.timeout(1200)
def test_one_control_plane_on_a_file_keeps_every_promise(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> None:
    live(sqlite_place(tmp_path), loop)


@pytest.mark.timeout(1200)
def test_two_control_planes_on_one_database_keep_every_promise(
    postgres_server: PostgresServer, loop: asyncio.AbstractEventLoop
) -> None:
    live(postgres_place(postgres_server), loop)
