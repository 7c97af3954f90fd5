"""Whether a product is up: the status of one answer, or that there is none."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from agentrouter_cli.running.probes import comes_up, status_of


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server with these answers in turn, the last again and again; its URL, and what it was asked."""
    asked: list[bytes] = []
    turns = itertools.chain(answers, itertools.repeat(answers[-1]))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(next(turns))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


async def test_the_status_of_an_answer_to_a_question_with_a_key() -> None:
    async with answering(b"HTTP/1.1 401 Unauthorized\r\n\r\n") as (url, asked):
        status = await status_of(f"{url}/v1/models", "sk-1")

    assert status == 401
    assert asked[0].startswith(b"GET /v1/models HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer sk-1\r\n" in asked[0]


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 many OK\r\n"])
async def test_what_is_no_http_answer_has_no_status(answer: bytes) -> None:
    async with answering(answer) as (url, _):
        assert await status_of(url) == 0


async def test_where_nobody_listens_there_is_no_status(free_port: int) -> None:
    assert await status_of(f"http://127.0.0.1:{free_port}") == 0


async def test_it_has_come_up_once_it_answers_well() -> None:
    async with answering(b"HTTP/1.1 503 No\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n") as (url, asked):
        assert await comes_up(url, "", timedelta(seconds=20), lambda: 0.0)

    assert len(asked) == 2


async def test_it_has_not_come_up_when_the_time_is_over() -> None:
    clock = iter((0.0, 31.0))
    async with answering(b"HTTP/1.1 503 No\r\n\r\n") as (url, _):
        assert not await comes_up(url, "", timedelta(seconds=30), lambda: next(clock))
