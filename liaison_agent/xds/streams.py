"""What is known of one connected Envoy: what it asks for, what it has, and which pushes it still owes an answer to.

Theory of operation. `_have` follows Envoy's own book-keeping: filled from `initial_resource_versions` when Envoy comes
back, changed by every ACK. A NACK leaves a resource UNSURE, since Envoy may have taken some of a refused response;
unsure ones always count as different. A stream never decides what should run: a returning Envoy gets no answer to its
first wildcard request, because the delivery that follows each connect pushes the differences in a safe order. Only
about clusters there is an empty answer at first: Envoy opens a stream with all its requests in one go, so the ACK of
that answer says that the last of them has come in.
Scopes that were together in a refused response are `tainted`: Envoy remembers those before the bad one without using
them, and would acknowledge their repetition without using it either.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from liaison_agent.kinds import CLUSTER, KINDS, LISTENER
from liaison_agent.state import Resource, ResourceKey, ResourceSet
from liaison_agent.xds.wire import Request, Wire

_UNSURE = ""
_REMOVABLE = frozenset(type_url for type_url, kind in KINDS.items() if kind.wildcard)
_ANSWERED_EMPTY = (CLUSTER.type_url, LISTENER.type_url)

log = logging.getLogger(__name__)


class StreamLost(Exception):
    """Envoy went away before it answered."""


@dataclass(slots=True)
class _Subscription:
    wildcard: bool = False
    names: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Sent:
    put: Sequence[Resource]
    drop: Sequence[ResourceKey]
    answer: asyncio.Future[str | None]


class Stream:
    """One delta ADS stream. `offered` gives the set that answers to subscriptions are taken from."""

    def __init__(self, number: int, wire: Wire, offered: Callable[[], ResourceSet]) -> None:
        self.number = number
        self._wire = wire
        self._offered = offered
        self._subscriptions: dict[str, _Subscription] = {}
        self._have: dict[ResourceKey, str] = {}
        self._level: ResourceSet | None = None
        self._touched: set[ResourceKey] = set()
        self._tainted: set[ResourceKey] = set()
        self._sent: dict[str, _Sent] = {}
        self._count = 0
        self._outgoing: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._opened = False
        self.lost = False

    # --- the wire's side ---

    def receive(self, request: Request) -> None:
        """Take in one request of Envoy's: an answer, a subscription, or both."""
        if request.nonce:
            self._take_answer(request)
        first = request.type_url not in self._subscriptions
        subscription = self._subscriptions.setdefault(request.type_url, _Subscription())
        for name, version in request.has.items():
            self._have[request.type_url, name] = version
        self._unsubscribe(request, subscription)
        names = [name for name in request.subscribe if name != "*"]
        for name in subscription.names.intersection(names):  # it let go and took it up again before it could say so
            self._forget((request.type_url, name))
        subscription.names.update(names)
        opens = not subscription.wildcard and _is_wildcard(request, first)
        subscription.wildcard = subscription.wildcard or opens
        if opens and (request.type_url == CLUSTER.type_url or not request.has):
            self._answer_wildcard(request.type_url)
        elif names:
            self._answer_names(request.type_url, names)
        self._changed.set()

    async def next_message(self) -> bytes | None:
        """The next response to write; None when the stream ends."""
        return await self._outgoing.get()

    def lose(self) -> None:
        """End the stream; every push that waits for an answer raises `StreamLost`. Harmless when repeated."""
        self.lost = True
        for sent in self._sent.values():
            if not sent.answer.done():
                sent.answer.set_exception(StreamLost())
                sent.answer.exception()  # nobody may be waiting, and that is fine
        self._sent.clear()
        self._outgoing.put_nowait(None)
        self._changed.set()

    # --- the delivery's side ---

    def push(self, type_url: str, put: Sequence[Resource], drop: Sequence[str] = ()) -> asyncio.Future[str | None]:
        """Send one response; the future gives None for an ACK, Envoy's text for a NACK, or raises `StreamLost`."""
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        if self.lost:
            answer.set_exception(StreamLost())
            answer.exception()  # nobody may be waiting, and that is fine
            return answer
        self._count += 1
        nonce = f"{self.number}-{self._count}"
        dropped = [(type_url, name) for name in drop]
        self._sent[nonce] = _Sent(put, dropped, answer)
        self._touched.update(resource.key for resource in put)
        self._touched.update(dropped)
        self._outgoing.put_nowait(self._wire.response(type_url, nonce, put, drop))
        return answer

    def asks_for(self, key: ResourceKey) -> bool:
        """Whether Envoy wants to hear of this resource at all."""
        subscription = self._subscriptions.get(key[0])
        return subscription is not None and (subscription.wildcard or key[1] in subscription.names)

    def has(self, key: ResourceKey) -> bool:
        """Whether Envoy may hold some version of this resource."""
        return key in self._have

    def is_tainted(self, key: ResourceKey) -> bool:
        """Whether Envoy may remember this resource without using it, so that it has to be removed first."""
        return key in self._tainted

    def behind(self, target: ResourceSet) -> tuple[list[Resource], list[ResourceKey]]:
        """What Envoy asks for and does not have of `target`, and what it has too much and lets us remove; sorted."""
        put, drop = [], []
        for key in self._suspects(target):
            wanted = target.get(key)
            if wanted is not None and self.asks_for(key) and self._have.get(key) != wanted.version:
                put.append(wanted)
            elif wanted is None and key in self._have and key[0] in _REMOVABLE:
                drop.append(key)
        return sorted(put, key=lambda resource: resource.key), sorted(drop)

    def set_level(self, target: ResourceSet, too_much: Iterable[ResourceKey] = ()) -> None:
        """Note that Envoy is level with `target`, apart from what it has `too_much`, so that the next comparison costs
        only what differs."""
        self._level = target
        self._touched = {key for key in self._touched if self._have.get(key) == _UNSURE} | set(too_much)

    def forget_removed(self, keys: Iterable[ResourceKey]) -> None:
        """Stop asking Envoy to remove these: it refused to."""
        for key in keys:
            self._forget(key)

    async def until(self, ready: Callable[[], bool]) -> None:
        """Wait until `ready()` holds, looked at after each request of Envoy's; raises `StreamLost`."""
        while not ready():
            if self.lost:
                raise StreamLost
            self._changed.clear()
            await self._changed.wait()
        if self.lost:
            raise StreamLost

    def is_open(self) -> bool:
        """Whether Envoy has said all that it says by itself when it opens a stream."""
        return self._opened and all(type_url in self._subscriptions for type_url in _ANSWERED_EMPTY)

    def is_settled(self) -> bool:
        """Whether Envoy owes no answer."""
        return not self._sent

    # --- inside ---

    def _take_answer(self, request: Request) -> None:
        sent = self._sent.pop(request.nonce, None)
        if sent is None:
            return
        self._opened = self._opened or request.type_url == CLUSTER.type_url
        if request.refusal is None:
            # Envoy acknowledges also what it let go of before it came, and forgets that at once.
            kept = [resource for resource in sent.put if self.asks_for(resource.key)]
            self._have.update((resource.key, resource.version) for resource in kept)
            for key in sent.drop:
                self._forget(key)
        else:
            self._have.update((resource.key, _UNSURE) for resource in sent.put)
            if len(sent.put) > 1 and KINDS[request.type_url].alone:
                self._tainted.update(resource.key for resource in sent.put)
        if not sent.answer.done():
            sent.answer.set_result(request.refusal)

    def _unsubscribe(self, request: Request, subscription: _Subscription) -> None:
        for name in request.unsubscribe:
            subscription.names.discard(name)
            if not subscription.wildcard:
                self._forget((request.type_url, name))

    def _answer_wildcard(self, type_url: str) -> None:
        """A fresh Envoy's clusters and listeners are left to the delivery; an empty answer lets its start go on."""
        known = () if type_url in _ANSWERED_EMPTY else tuple(self._offered().of_type(type_url).values())
        self._answer(type_url, known)

    def _answer_names(self, type_url: str, names: Sequence[str]) -> None:
        """What is asked for by name is sent, one a response; what nobody offers is answered as removed."""
        offered = self._offered()
        missing = [name for name in names if (type_url, name) not in self._have]
        found = [resource for name in missing if (resource := offered.get((type_url, name))) is not None]
        absent = [name for name in missing if (type_url, name) not in offered]
        if absent:
            log.warning("Envoy asks for %s of %s, which nobody offers", ", ".join(absent[:5]), type_url)
            self._answer(type_url, (), absent)
        for resource in found:
            self._answer(type_url, [resource])

    def _answer(self, type_url: str, put: Sequence[Resource], drop: Sequence[str] = ()) -> None:
        """Push without waiting: a refusal leaves the resources unsure, and the delivery sees to them."""
        _ = self.push(type_url, put, drop)

    def _suspects(self, target: ResourceSet) -> Iterable[ResourceKey]:
        if self._level is None:
            return set(target) | set(self._have)
        changed, removed = self._level.diff(target)
        return {resource.key for resource in changed} | set(removed) | self._touched

    def _forget(self, key: ResourceKey) -> None:
        self._have.pop(key, None)
        self._tainted.discard(key)


def _is_wildcard(request: Request, first: bool) -> bool:
    kind = KINDS.get(request.type_url)
    return kind is not None and kind.wildcard and ("*" in request.subscribe or (first and not request.subscribe))
