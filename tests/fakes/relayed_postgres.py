"""PostgreSQL by way of somebody in the middle, with whom one COMMIT comes to harm, and its connection with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum

from sqlalchemy.engine import make_url

from tests.fakes.tcp import serving_tcp

LOOKED_BACK = 1000  # bytes; a mark may come in two parts


class Fate(Enum):
    """What becomes of the COMMIT. Whoever sent it hears nothing more in any case."""

    UNANSWERED = "carried out, its answer lost"
    LOST = "never carried out"
    LATE = "carried out long after its sender lost the connection"


@dataclass(slots=True)
class Harm:
    """One COMMIT of a transaction that said `mark` before. `struck`: its sender has lost the connection; `over`: the
    server has answered it, or was left without it. A LATE one waits for `go`."""

    mark: bytes
    fate: Fate
    claimed: bool = False
    struck: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Relay:
    """Passes everything on, but for what `harm` names."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self.harm: Harm | None = None

    def strike(self, mark: str, fate: Fate) -> Harm:
        """Harm the next COMMIT of a transaction that says `mark`."""
        self.harm = Harm(mark.encode(), fate)
        return self.harm

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """The database's address by way of here."""
        async with serving_tcp(self._pass_on) as port:
            there = self._url.set(host="127.0.0.1", port=port, query={})
            yield there.update_query_dict({"sslmode": "disable", "gssencmode": "disable"}).render_as_string()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(f"{self._url.query['host']}/.s.PGSQL.5432")
        answers = asyncio.create_task(_bring(from_server, writer))
        try:
            said = b""
            while data := await reader.read(65536):
                said += data
                harm = self.harm
                if harm and not harm.claimed and harm.mark in said and b"COMMIT" in data:
                    harm.claimed = True
                    answers.cancel()
                    await asyncio.gather(answers, return_exceptions=True)
                    await _strike(harm, data, from_server, to_server, writer)
                    return
                if b"COMMIT" in data or b"ROLLBACK" in data:
                    said = b""
                if not (harm and harm.mark in said):
                    said = said[-LOOKED_BACK:]
                to_server.write(data)
        finally:
            answers.cancel()
            to_server.close()
            await asyncio.gather(answers, return_exceptions=True)
            with contextlib.suppress(OSError):
                await to_server.wait_closed()


async def _bring(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        target.write(data)
    target.close()


async def _strike(
    harm: Harm,
    commit: bytes,
    from_server: asyncio.StreamReader,
    to_server: asyncio.StreamWriter,
    sender: asyncio.StreamWriter,
) -> None:
    if harm.fate is Fate.UNANSWERED:
        to_server.write(commit)
        await from_server.read(65536)  # it is done
        harm.over.set()
    sender.close()
    harm.struck.set()
    if harm.fate is Fate.LATE:
        await harm.go.wait()
        to_server.write(commit)
        await from_server.read(65536)
    harm.over.set()
