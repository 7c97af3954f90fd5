"""The logs of an Envoy that runs are rotated under it: no request's line is lost, and requests notice nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from liaison_agent.envoy.admin import AdminClient
from liaison_agent.envoy.log_rotation import LogRotation
from tests.integration.dataplane.plane import Plane, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
NO_LIMIT = 2**40


def rotation(plane: Plane, *, largest_access_log: int = NO_LIMIT, largest_log: int = NO_LIMIT) -> LogRotation:
    """Of the plane's Envoy, with limits of the test's."""
    access_log = Path(plane.options.access_log)
    envoy = access_log.parent / "state" / "envoy"
    return LogRotation(
        access_log,
        envoy / "envoy.log",
        AdminClient(envoy / "admin.sock"),
        largest_access_log=largest_access_log,
        largest_log=largest_log,
    )


async def test_an_access_log_that_has_grown_is_moved_aside_and_the_next_lines_go_into_a_new_one(plane: Plane) -> None:
    access_log = Path(plane.options.access_log)
    before = await plane.get("/v1/models")
    await plane.logged([before])

    await rotation(plane, largest_access_log=1).look()

    after = await plane.get("/v1/models")
    (line,) = await plane.logged([after])
    assert line["status"] == 200
    aside, now = text_of(access_log.with_name("access.log.1")), text_of(access_log)
    assert before.headers["x-request-id"] in aside
    assert before.headers["x-request-id"] not in now
    assert after.headers["x-request-id"] not in aside


async def test_a_log_that_was_moved_when_envoy_could_not_be_told_is_opened_anew_later(plane: Plane) -> None:
    access_log = Path(plane.options.access_log)
    await plane.logged([await plane.get("/v1/models")])
    os.replace(access_log, access_log.with_name("access.log.1"))

    await rotation(plane).look()  # as the next agent begins

    assert len(await plane.logged([await plane.get("/v1/models")])) == 1


async def test_envoys_own_log_is_copied_aside_and_emptied(plane: Plane) -> None:
    log = Path(plane.options.access_log).parent / "state" / "envoy" / "envoy.log"
    with log.open("a") as envoy:
        envoy.write("something that Envoy said\n")

    await rotation(plane, largest_log=1).look()

    aside = log.with_name("envoy.log.1")
    assert "something that Envoy said" in aside.read_text()
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert log.stat().st_size == 0
    assert (await plane.get("/v1/models")).status == 200


async def test_logs_within_their_bounds_are_left_alone(plane: Plane) -> None:
    access_log = Path(plane.options.access_log)
    answered = await plane.get("/v1/models")
    await plane.logged([answered])
    access_log.with_name("access.log.1").unlink(missing_ok=True)

    await rotation(plane).look()

    assert not access_log.with_name("access.log.1").exists()
    assert len(await plane.logged([answered])) == 1
