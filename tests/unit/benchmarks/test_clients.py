"""The raw clients read whole answers out of pieces of any size, and write what servers understand."""

from __future__ import annotations

import pytest

from benchmarks.http1 import Answer, read_answer, request, request_head
from benchmarks.http2 import DATA, END_STREAM, SETTINGS, frame, frames, grpc_messages, request_headers
from benchmarks.load import grpc_frame
from benchmarks.watching import Change, protobuf_bytes

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: application/proto\r\nContent-Length: 5\r\n\r\nhello"
CHUNKS = b"HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "status", "body"), [(LENGTH, 200, b"hello"), (CHUNKS, 503, b"hello"), (EMPTY, 401, b"")]
)
def test_an_answer_is_read_once_its_last_byte_is_here_and_not_before(answer: bytes, status: int, body: bytes) -> None:
    seen = [read_answer(bytearray(answer[:end]), 1.5) for end in range(1, len(answer) + 1)]

    assert seen[:-1] == [None] * (len(answer) - 1)
    assert seen[-1] == Answer(status, body, 1.5)


def test_a_request_says_how_long_its_body_is() -> None:
    sent = request(request_head("POST", "/path", {"content-type": "application/proto"}), b"abc")

    assert (
        sent
        == b"POST /path HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/proto\r\ncontent-length: 3\r\n\r\nabc"
    )


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_frames_are_read_from_pieces_of_any_size(size: int) -> None:
    sent = frame(SETTINGS, 0, 0, b"") + frame(DATA, END_STREAM, 1, b"x" * 300)
    received, found = bytearray(), []

    for start in range(0, len(sent), size):
        received += sent[start : start + size]
        found += list(frames(received))

    assert found == [(SETTINGS, 0, b""), (DATA, END_STREAM, b"x" * 300)]
    assert not received


def test_a_frame_begins_with_length_kind_flags_and_stream() -> None:
    assert frame(DATA, END_STREAM, 1, b"abc") == b"\0\0\3\0\1\0\0\0\1abc"


def test_messages_are_read_across_frames() -> None:
    received = bytearray(grpc_frame(b"one") + grpc_frame(b"two")[:6])

    first = list(grpc_messages(received))
    received += b"wo"

    assert (first, list(grpc_messages(received))) == ([b"one"], [b"two"])


def test_headers_use_the_static_table_of_hpack() -> None:
    assert request_headers("/a.B/C") == (
        b"\x83\x86\x04\x06/a.B/C\x01\x09127.0.0.1\x0f\x10\x10application/grpc\x00\x02te\x08trailers"
    )


def test_a_header_too_long_for_one_byte_is_refused() -> None:
    with pytest.raises(ValueError, match="short"):
        request_headers("/" + "a" * 200)


@pytest.mark.parametrize(
    ("value", "head"), [(b"key", b"\x0a\x03"), (b"v" * 127, b"\x0a\x7f"), (b"v" * 300, b"\x0a\xac\x02")]
)
def test_a_field_of_bytes_carries_its_length_as_a_varint(value: bytes, head: bytes) -> None:
    assert protobuf_bytes(1, value) == head + value


def test_a_change_is_timed_from_its_commit_and_from_its_call() -> None:
    change = Change(called_at=1.0, committed_at=1.5, received_at=[1.25, 2.0])

    assert change.after_commit_ms() == [-250.0, 500.0]
    assert change.after_call_ms() == [250.0, 1000.0]
