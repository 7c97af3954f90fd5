"""What a server sends over a Unix socket, as status and body; what is no whole answer is told apart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from liaison_agent.envoy.unix_http import NotHttp, call, parse_answer


def test_a_body_of_known_length() -> None:
    assert parse_answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno") == (404, b"no")


def test_a_body_that_ends_with_the_connection() -> None:
    assert parse_answer(b"HTTP/1.1 200 OK\r\n\r\n{}") == (200, b"{}")


def test_a_body_in_chunks() -> None:
    chunks = b"5\r\n{\r\n\r\n\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n"

    assert parse_answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks) == (
        200,
        b"{\r\n\r\n0123456789",
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 fine\r\n\r\n",
        b"SSH-2.0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nno",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nab\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nab\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_whole_answer_is_refused(data: bytes) -> None:
    with pytest.raises(NotHttp):
        parse_answer(data)


async def test_a_call_sends_the_target_as_it_is_and_waits_for_all_of_the_answer(tmp_path: Path) -> None:
    asked = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000)
        writer.close()

    async with await asyncio.start_unix_server(answer, tmp_path / "s"):
        status, body = await call(tmp_path / "s", "POST", "/a?b=%5E")

    assert (status, len(body)) == (200, 1_000_000)
    assert asked[0].startswith(b"POST /a?b=%5E HTTP/1.1\r\nHost: envoy\r\n")


async def test_where_nobody_listens_the_call_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="s"):
        await call(tmp_path / "s", "GET", "/")
