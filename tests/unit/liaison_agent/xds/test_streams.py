"""The book-keeping of one stream, request by request."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from google.protobuf.descriptor_pool import DescriptorPool

from liaison_agent.envoy.descriptors import find_envoy_binary, load_descriptor_pool
from liaison_agent.kinds import CLUSTER, LISTENER, SCOPE, SECRET, Kind
from liaison_agent.state import Resource, ResourceSet
from liaison_agent.xds.streams import Stream, StreamLost
from liaison_agent.xds.wire import Request, Wire


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> DescriptorPool:
    cache: Path = tmp_path_factory.mktemp("descriptors")
    return load_descriptor_pool(find_envoy_binary(), cache)


def of(kind: Kind, name: str, body: str = "1") -> Resource:
    return Resource.of(kind.type_url, name, body.encode(), "config/")


OFFERED = ResourceSet([of(CLUSTER, "a"), of(SCOPE, "s1"), of(SCOPE, "s2"), of(SECRET, "key")])


@pytest.fixture
def stream(pool: DescriptorPool) -> Stream:
    return Stream(1, Wire(pool), lambda: OFFERED)


def waiting(stream: Stream) -> int:
    """How many responses wait to be written."""
    return stream._outgoing.qsize()


async def test_a_fresh_envoy_gets_an_empty_answer_about_clusters_and_listeners(stream: Stream) -> None:
    stream.receive(Request(CLUSTER.type_url))
    stream.receive(Request(LISTENER.type_url))

    assert waiting(stream) == 2
    assert not stream.has(of(CLUSTER, "a").key)
    assert stream.behind(OFFERED) == ([of(CLUSTER, "a")], [])


async def test_a_stream_is_open_when_its_first_answer_came_back(stream: Stream) -> None:
    stream.receive(Request(CLUSTER.type_url))
    stream.receive(Request(LISTENER.type_url))
    before = stream.is_open()

    stream.receive(Request(CLUSTER.type_url, nonce="1-1"))

    assert (before, stream.is_open()) == (False, True)


async def test_a_wildcard_request_for_scopes_is_answered_with_all_of_them(stream: Stream) -> None:
    stream.receive(Request(SCOPE.type_url))

    stream.receive(Request(SCOPE.type_url, nonce="1-1"))

    assert stream.behind(OFFERED) == ([], [])
    assert stream.has(of(SCOPE, "s1").key)


async def test_a_returning_envoy_is_behind_only_with_what_differs(stream: Stream) -> None:
    has = {"s1": of(SCOPE, "s1").version, "s2": "older", "s3": "any"}

    stream.receive(Request(SCOPE.type_url, has=has))

    assert waiting(stream) == 0
    assert stream.behind(OFFERED) == ([of(SCOPE, "s2")], [of(SCOPE, "s3").key])


async def test_what_is_asked_for_by_name_is_answered_and_what_nobody_offers_is_answered_as_removed(
    stream: Stream,
) -> None:
    stream.receive(Request(SECRET.type_url, subscribe=("key", "unknown")))

    stream.receive(Request(SECRET.type_url, nonce="1-1"))
    stream.receive(Request(SECRET.type_url, nonce="1-2"))

    assert stream.has(of(SECRET, "key").key)
    assert stream.asks_for(of(SECRET, "unknown").key)
    assert stream.is_settled()


async def test_a_named_resource_is_neither_pushed_nor_removed_once_nobody_asks_for_it(stream: Stream) -> None:
    stream.receive(Request(SECRET.type_url, subscribe=("key",)))
    stream.receive(Request(SECRET.type_url, nonce="1-1"))

    stream.receive(Request(SECRET.type_url, unsubscribe=("key",)))

    assert stream.behind(ResourceSet([of(SECRET, "key", "2")])) == ([], [])


async def test_an_acknowledged_push_counts_as_had_and_a_refused_one_stays_different(stream: Stream) -> None:
    stream.receive(Request(SCOPE.type_url, has={"s0": "any"}))
    good = stream.push(SCOPE.type_url, [of(SCOPE, "s1")], ["s0"])
    bad = stream.push(SCOPE.type_url, [of(SCOPE, "s2")])

    stream.receive(Request(SCOPE.type_url, nonce="1-2", refusal="no"))
    stream.receive(Request(SCOPE.type_url, nonce="1-1"))

    assert (await good, await bad) == (None, "no")
    assert stream.behind(OFFERED) == ([of(SCOPE, "s2")], [])
    assert stream.behind(ResourceSet([of(SCOPE, "s1")])) == ([], [of(SCOPE, "s2").key])


async def test_scopes_refused_together_are_tainted_until_they_are_removed(stream: Stream) -> None:
    stream.receive(Request(SCOPE.type_url))
    stream.receive(Request(SCOPE.type_url, nonce="1-1", refusal="no"))
    tainted = stream.is_tainted(of(SCOPE, "s1").key)

    removal = stream.push(SCOPE.type_url, (), ["s1", "s2"])
    stream.receive(Request(SCOPE.type_url, nonce="1-2"))

    assert await removal is None
    assert (tainted, stream.is_tainted(of(SCOPE, "s1").key)) == (True, False)


async def test_after_levelling_a_comparison_still_sees_what_was_pushed_since(stream: Stream) -> None:
    stream.receive(Request(SCOPE.type_url))
    stream.receive(Request(SCOPE.type_url, nonce="1-1"))
    stream.set_level(OFFERED)

    push = stream.push(SCOPE.type_url, [of(SCOPE, "s1", "2")])
    stream.receive(Request(SCOPE.type_url, nonce="1-2"))
    await push

    assert stream.behind(OFFERED) == ([of(SCOPE, "s1")], [])


async def test_an_answer_that_was_not_asked_for_changes_nothing(stream: Stream) -> None:
    stream.receive(Request(SCOPE.type_url, nonce="0-7", has={}))

    assert not stream.has(of(SCOPE, "s9").key)


async def test_a_lost_stream_fails_every_push_before_and_after(stream: Stream) -> None:
    before = stream.push(CLUSTER.type_url, [of(CLUSTER, "a")])
    waits = asyncio.create_task(stream.until(stream.is_open))
    await asyncio.sleep(0)

    stream.lose()

    for lost in (before, stream.push(CLUSTER.type_url, [of(CLUSTER, "a")]), waits):
        with pytest.raises(StreamLost):
            await lost


async def test_a_secret_that_envoy_takes_up_again_before_it_let_go_is_sent_again(stream: Stream) -> None:
    stream.receive(Request(SECRET.type_url, subscribe=("key",)))
    stream.receive(Request(SECRET.type_url, nonce="1-1"))
    had = stream.has(of(SECRET, "key").key)

    stream.receive(Request(SECRET.type_url, subscribe=("key",)))

    assert had
    assert waiting(stream) == 2


async def test_an_acknowledged_secret_that_envoy_let_go_of_meanwhile_is_sent_when_it_is_asked_for_again(
    stream: Stream,
) -> None:
    stream.receive(Request(SECRET.type_url, subscribe=("key",)))
    stream.receive(Request(SECRET.type_url, unsubscribe=("key",)))
    stream.receive(Request(SECRET.type_url, nonce="1-1"))
    had = stream.has(of(SECRET, "key").key)

    stream.receive(Request(SECRET.type_url, subscribe=("key",)))

    assert not had
    assert waiting(stream) == 2
