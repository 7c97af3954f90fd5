"""Who holds a port."""

from __future__ import annotations

import os
import socket

from liaison_agent.envoy.port_holders import explain_bind_failure, find_holder


def test_the_holder_of_a_port_is_found_and_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        reason = f"cannot bind '127.0.0.1:{port}': Address already in use"

        explained = explain_bind_failure(reason)

    assert explained.startswith(reason)
    assert f"(pid {os.getpid()})" in explained


def test_a_port_that_nobody_holds_has_no_holder(free_port: int) -> None:
    assert find_holder(free_port) is None


def test_other_reasons_are_left_as_they_are() -> None:
    assert explain_bind_failure("route: unknown cluster 'nope'") == "route: unknown cluster 'nope'"
