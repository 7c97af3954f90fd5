"""What the words of transports mean; the wires' own tests meet the real ones."""

from __future__ import annotations

import pytest

from contract.connections import meaning_of


@pytest.mark.parametrize(
    ("failure", "way_out"),
    [
        ("client error (SendRequest): invalid HTTP version parsed", "Name the HTTP port, 12581"),
        ("Failed parsing HTTP/2 (Trying to connect an http1.x server (HTTP status 400))", "Name the gRPC port, 12580"),
        ("client error (Connect): received corrupt message of type InvalidContentType", "write http://"),
        ("client error (Connect): invalid peer certificate: UnknownIssuer", "--ca-file"),
        ("client error (Connect): dns error: no records found", "no address is known"),
        ("tcp connect error: Connection refused (os error 111)", "is the control plane running?"),
        ("ipv4:127.0.0.1:1: Failed to connect to remote host: connection refused", "is the control plane running?"),
    ],
)
def test_a_failure_that_is_known_has_its_way_out(failure: str, way_out: str) -> None:
    assert way_out in meaning_of(failure)


def test_words_that_are_not_known_are_left_to_speak_for_themselves() -> None:
    assert meaning_of("the database does not answer") == ""
