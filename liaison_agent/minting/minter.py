"""Puts access tokens in the place of the credentials that they are got for, and keeps each of them fresh.

Theory of operation. Whoever compiles asks `present` each time: it learns which credentials are in use, waits a little
for those never tried, and hands out what there is. `run` renews what is due; `changed` tells that to present again is
worth while. A credential is known by its secret's name and the place it may be sent to. While it stays of the same
account, the token of before serves until there is one of the new; no account pays for another. Everything is in memory
alone: the next life gets tokens of its own.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from contract.own_credentials import CredentialError, WholeCredential, read_sealed
from contract.own_secrets import MINTED, consumer_of_secret, kind_of_secret
from contract.secret_refs import parse_secret_ref
from liaison_agent.minting.access_tokens import MintError
from liaison_agent.minting.grants import Grant
from liaison_agent.minting.standings import Standing
from liaison_agent.minting.turns import Turns
from liaison_agent.ports import Clock
from liaison_agent.state import Desired

AT_ONCE = 16
OF_ONE_CONSUMER = 4
PATIENCE = 5.0  # an apply waits this long at most for tokens never tried
_LONGEST_PAUSE = 3600.0
_NOT_YET = "its access token has not come yet"
_BEGINNING = "secret://byok-"
_MAY_BE_DISABLED = b'"enabled"'  # which is left out where it is true

_Key = tuple[str, str]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Credential:
    """One credential in use. `minting` is the try under way; `awaited`: somebody waited for the first one already."""

    text: str = field(repr=False)
    grant: Grant | None = None
    standing: Standing = field(default_factory=Standing)
    minting: asyncio.Task[None] | None = None
    awaited: bool = False

    @property
    def next_at(self) -> float:
        """When something is to be done: a token may end while its renewal is under way."""
        return self.standing.next_at if self.minting is None else self.standing.ends_at or math.inf


class Minter:
    """`grant` makes the exchange for a credential, or raises MintError; `chance` spreads renewals."""

    def __init__(self, grant: Callable[[WholeCredential], Grant], clock: Clock, chance: random.Random) -> None:
        self._grant = grant
        self._clock = clock
        self._chance = chance
        self._known: dict[_Key, _Credential] = {}
        self._turns = Turns(AT_ONCE, OF_ONE_CONSUMER)
        self._woken = asyncio.Event()
        self._news = asyncio.Event()

    async def present(self, desired: Desired) -> Desired:
        """`desired` with tokens for credentials; what has none is withheld, with the reason."""
        minted = dict(_minted(desired))
        self._learn(desired, minted)
        if not minted:
            return desired
        await self._wait_for_new_ones()
        return self._presented(desired, minted)

    async def changed(self) -> None:
        """Return when what is presented has changed since this was last asked."""
        await self._news.wait()
        self._news.clear()

    def troubles(self) -> tuple[str, ...]:
        """Credentials whose token still serves and cannot be renewed, for people."""
        return tuple(
            f"{_whose(name)}: its access token serves until it ends and is not renewed: {one.standing.problem}"
            for (name, _), one in sorted(self._known.items())
            if one.standing.problem and one.standing.token
        )

    async def run(self) -> None:
        """Renew what is due, for ever."""
        while True:
            self.look()
            times = [one.next_at for one in self._known.values()]
            pause = min(times, default=_LONGEST_PAUSE + self._clock.monotonic()) - self._clock.monotonic()
            await self._sleep(max(0.0, min(pause, _LONGEST_PAUSE)))

    def look(self) -> None:
        """Begin what is due now, and let go of what has ended."""
        now = self._clock.monotonic()
        for key, one in self._known.items():
            kept = one.standing.at(now)
            if kept is not one.standing:
                one.standing = kept
                self._news.set()
                _log.warning("%s: its access token ended, and there is no other: %s", _whose(key[0]), kept.problem)
            if one.minting is None and kept.due_at <= now:
                one.minting = asyncio.create_task(self._mint(key, one))

    async def close(self) -> None:
        """End every try under way, and forget the tokens."""
        tasks = [one.minting for one in self._known.values() if one.minting]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._known.clear()

    def _learn(self, desired: Desired, minted: Mapping[str, _Key]) -> None:
        """Know the credentials in use and no other."""
        used = {key: ref for ref, key in minted.items() if _is_used(desired, ref)}
        for key in self._known.keys() - used.keys():
            gone = self._known.pop(key)
            if gone.minting:
                gone.minting.cancel()
        for key, ref in used.items():
            text, known = desired.secrets[ref], self._known.get(key)
            if known is None:
                self._known[key] = _Credential(text)
            elif known.text != text:
                if known.minting:
                    known.minting.cancel()
                kept = known.standing.given_anew() if _same_account(key[0], known.text, text) else Standing()
                self._known[key] = _Credential(text, standing=kept)
        self.look()
        self._woken.set()

    async def _wait_for_new_ones(self) -> None:
        """Once for each: an endpoint that does not answer must not keep whatever else is to be applied waiting."""
        untried = [one for one in self._known.values() if not one.standing.tried and not one.awaited]
        tries = {one.minting for one in untried if one.minting}
        if tries:
            await asyncio.wait(tries, timeout=PATIENCE)
        for one in untried:
            one.awaited = True

    def _presented(self, desired: Desired, minted: Mapping[str, _Key]) -> Desired:
        secrets, withheld = dict(desired.secrets), {}
        for ref, key in minted.items():
            del secrets[ref]
            known = self._known.get(key)
            if known and known.standing.token:
                secrets[ref] = known.standing.token
            elif known:
                withheld[ref] = known.standing.problem or _NOT_YET
        return replace(desired, secrets=secrets, withheld=withheld)

    async def _mint(self, key: _Key, one: _Credential) -> None:
        before, asked_at = one.standing, self._clock.monotonic()
        try:
            async with self._turns.turn(consumer_of_secret(key[0]) or ""):
                asked_at = self._clock.monotonic()
                token = await self._grant_of(key, one).mint()
            one.standing = before.minted(token, asked_at, self._chance.random())
        except MintError as error:
            one.standing = one.standing.failed(error, self._clock.monotonic(), self._chance.random())
        except Exception as error:  # one credential must not end the renewal of the others
            unknown = MintError(f"it could not be got ({type(error).__name__})")
            one.standing = one.standing.failed(unknown, self._clock.monotonic(), self._chance.random())
        finally:
            one.minting = None
            self._woken.set()
        self._tell(key, before, one.standing)

    def _grant_of(self, key: _Key, one: _Credential) -> Grant:
        if one.grant is None:
            try:
                credential = read_sealed(kind_of_secret(key[0]) or "", one.text)
            except CredentialError as error:
                raise MintError(str(error), refused=True) from None
            one.grant = self._grant(credential)
        return one.grant

    def _tell(self, key: _Key, before: Standing, now: Standing) -> None:
        if now.problem and now.problem != before.problem:
            _log.warning("%s: no access token: %s", _whose(key[0]), now.problem)
        elif before.problem and not now.problem:
            _log.info("%s: has an access token again", _whose(key[0]))
        if (now.token, now.problem) != (before.token, before.problem):
            self._news.set()

    async def _sleep(self, seconds: float) -> None:
        """Until then, or until there is something else to look at."""
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        waking = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._woken.clear()
            for task in (sleeping, waking):
                task.cancel()
            await asyncio.gather(sleeping, waking, return_exceptions=True)


def _minted(desired: Desired) -> Iterator[tuple[str, _Key]]:
    """By reference: the credentials that are never presented themselves."""
    for ref in desired.secrets:
        if ref.startswith(_BEGINNING):
            name = parse_secret_ref(ref).name
            if kind_of_secret(name) in MINTED:
                yield ref, (name, desired.origins.get(ref, ""))


def _is_used(desired: Desired, ref: str) -> bool:
    """Whether its consumer's document, which is canonical JSON, presents it: for a backend that is gone, or a consumer
    that is disabled, nothing is asked."""
    configuration = desired.configurations.get(consumer_of_secret(parse_secret_ref(ref).name) or "")
    if configuration is None or f'"{ref}"'.encode() not in configuration.document:
        return False
    body = configuration.document
    return _MAY_BE_DISABLED not in body or json.loads(body).get("enabled") is not False


def _same_account(name: str, before: str, now: str) -> bool:
    kind = kind_of_secret(name) or ""
    try:
        return read_sealed(kind, before).account == read_sealed(kind, now).account
    except CredentialError:
        return False


def _whose(name: str) -> str:
    return f"consumer {consumer_of_secret(name)}: backend {name.rpartition('/')[2]}"
