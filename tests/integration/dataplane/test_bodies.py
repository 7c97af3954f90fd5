"""What happens to a request's body: read without mercy, and passed on byte for byte apart from the model's name."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.dataplane.plane import Plane

pytestmark = pytest.mark.asyncio(loop_scope="module")

with_plane = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

spaces = st.text(" \t\n\r", max_size=3)
words = st.one_of(st.sampled_from(["model", "messages", "Model", "a\\", '"', "é€😀", ""]), st.text(max_size=8))
numbers = st.sampled_from(["0", "-0", "1.0", "12345678901234567890123", "-1e-7", "1E+400", "0.1000"])


@st.composite
def spelled(draw: st.DrawFn, text: str) -> str:
    """A JSON string literal of this text: some signs plain, some as escapes, in upper or lower case."""
    plain = json.dumps(text, ensure_ascii=draw(st.booleans()))[1:-1]
    if not plain.isascii() or "\\" in plain:
        return f'"{plain}"'
    return '"' + "".join(_escaped(sign) if draw(st.integers(0, 3)) == 0 else sign for sign in plain) + '"'


def _escaped(sign: str) -> str:
    code = f"{ord(sign):04x}"
    return f"\\u{code if ord(sign) % 2 else code.upper()}"


def values(depth: int = 3) -> st.SearchStrategy[str]:
    """Any JSON text, with whitespace where JSON allows it."""
    scalars = st.one_of(words.flatmap(spelled), numbers, st.sampled_from(["true", "false", "null"]))
    if depth == 0:
        return scalars
    inner = values(depth - 1)
    items = st.lists(st.tuples(spaces, inner, spaces).map("".join), max_size=3)
    members = st.lists(st.tuples(spaces, words.flatmap(spelled), spaces, st.just(":"), inner).map("".join), max_size=3)
    return st.one_of(
        scalars,
        items.map(lambda parts: "[" + ",".join(parts) + "]"),
        members.map(lambda parts: "{" + ",".join(parts) + "}"),
    )


def other_members() -> st.SearchStrategy[list[str]]:
    """Members of the top level that are not the model's."""
    keys = words.filter(lambda word: word.lower() != "model").flatmap(spelled)
    return st.lists(st.tuples(spaces, keys, spaces, st.just(":"), spaces, values(), spaces).map("".join), max_size=4)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """What stands before the model's name, and what stands behind it."""
    before, after = draw(other_members()), draw(other_members())
    start = draw(spaces) + "{" + "".join(f"{member}," for member in before)
    key = draw(spaces) + draw(spelled("model")) + draw(spaces) + ":" + draw(spaces) + '"'
    end = '"' + draw(spaces) + "".join(f",{member}" for member in after) + "}" + draw(spaces)
    return (start + key).encode(), end.encode()


@with_plane
@given(around=requests(), name=spelled("fast").map(lambda literal: literal[1:-1].encode()))
async def test_a_body_reaches_the_provider_byte_for_byte_apart_from_the_models_name(
    plane: Plane, around: tuple[bytes, bytes], name: bytes
) -> None:
    plane.reset()
    before, after = around

    answered = await plane.chat(before + name + after)

    assert answered.status == 200, answered.body
    (received,) = plane.upstreams["alpha"].received
    assert received.body == before + b"fast-2026" + after
    assert received.header("content-length") == str(len(received.body))


@with_plane
@given(around=requests(), cut=st.integers(0, 200), junk=st.sampled_from(['"', "\\", "{", "}", ",", ":", "/*", "0", ""]))
async def test_what_gets_through_a_strict_parser_reads_the_same_way(
    plane: Plane, around: tuple[bytes, bytes], cut: int, junk: str
) -> None:
    plane.reset()
    whole = around[0] + b"open" + around[1]
    place = cut % (len(whole) + 1)
    body = whole[:place] + junk.encode() + whole[place + (not junk) :]

    answered = await plane.chat(body)

    if answered.status == 200:
        parsed = json.loads(body.decode(errors="surrogateescape"), strict=False, object_pairs_hook=list)
        assert [value for name, value in parsed if name == "model"] == ["open"]
    else:
        assert answered.status in (400, 404)
        assert plane.upstreams["gamma"].received == []


DUPLICATES = [
    b'{"model":"open","model":"open"}',
    b'{"model":"open","messages":[],"model":"fast"}',
    b'{"model":"open","mod\\u0065l":"fast"}',
    b'{"\\u006dodel":"open","\\u006Dodel":"fast"}',
    b'{"model":"open","Model":"fast"}',
    b'{"MODEL":"fast","model":"open"}',
    b'{"model":"open","model":{"x":1}}',
    b'{"model":null,"model":"open"}',
]


@pytest.mark.parametrize("body", DUPLICATES)
async def test_a_model_that_is_named_twice_is_refused_however_it_is_spelled(plane: Plane, body: bytes) -> None:
    answered = await plane.chat(body)

    assert (answered.status, answered.error["code"], answered.error["param"]) == (400, "duplicate_model", "model")
    assert plane.upstreams["gamma"].received == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{}", "missing_model"),
        (b'{"messages":[{"model":"open"}]}', "missing_model"),
        (b'{"nested":{"model":"open"}}', "missing_model"),
        (b'{"Model":"open"}', "missing_model"),
        (b'{"model":""}', "missing_model"),
        (b'{"model":null}', "invalid_model"),
        (b'{"model":7}', "invalid_model"),
        (b'{"model":["open"]}', "invalid_model"),
        (b'{"model":{"model":"open"}}', "invalid_model"),
    ],
)
async def test_a_body_without_a_model_to_go_by_is_told_so(plane: Plane, body: bytes, code: str) -> None:
    answered = await plane.chat(body)

    assert (answered.status, answered.error["code"], answered.error["param"]) == (400, code, "model")


BROKEN = {
    "nothing": b"",
    "whitespace": b"  \n",
    "an array": b'[{"model":"open"}]',
    "a string": b'"model"',
    "cut off": b'{"model":"open"',
    "an open string": b'{"model":"open}',
    "text behind it": b'{"model":"open"} x',
    "a second object": b'{"model":"open"}{"model":"fast"}',
    "a comment": b'{"model":"open"/*,"model":"fast"*/}',
    "a comment that hides a member": b'{"model":"open","x":[/*"*/],"model":"fast","y":["/*"]}',
    "a trailing comma": b'{"model":"open",}',
    "no comma": b'{"model":"open" "x":1}',
    "single quotes": b"{'model':'open'}",
    "a bare key": b'{model:"open"}',
    "a wrong bracket": b'{"model":"open","x":[1}}',
    "one bracket too many": b'{"model":"open"}}',
    "an unknown word": b'{"model":"open","x":NaN}',
    "half a word": b'{"model":"open","x":tru}',
    "an unknown escape": b'{"model":"open","x":"\\x41"}',
    "half an escape": b'{"model":"open","x":"\\u12"}',
    "a byte order mark": b'\xef\xbb\xbf{"model":"open"}',
    "UTF-16": '{"model":"open"}'.encode("utf-16-le"),
    "a leading zero": b'{"model":"open","x":01}',
    "too deep": b'{"model":"open","x":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "a form": b"model=open",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
async def test_what_is_not_one_json_object_is_refused(plane: Plane, body: bytes) -> None:
    answered = await plane.chat(body)

    assert (answered.status, answered.error["code"]) == (400, "invalid_json")
    assert plane.upstreams["gamma"].received == []


async def test_a_body_in_chunks_arrives_whole_with_its_length(plane: Plane) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"messages":[],"mo', b'del":"fa', b'st"', b"}"):
            yield piece

    answered = await plane.chat(pieces())

    (received,) = plane.upstreams["alpha"].received
    assert answered.status == 200
    assert received.body == b'{"messages":[],"model":"fast-2026"}'
    assert received.header("content-length") == str(len(received.body))
    assert received.header("transfer-encoding") is None


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "application/json5"])
async def test_the_content_type_reaches_the_provider_as_it_was(plane: Plane, content_type: str) -> None:
    answered = await plane.chat({"model": "open"}, content_type=content_type)

    (received,) = plane.upstreams["gamma"].received
    assert answered.status == 200
    assert received.header("content-type") == content_type


async def test_a_compressed_body_is_refused_because_it_cannot_be_read(plane: Plane) -> None:
    answered = await plane.chat(b'{"model":"open"}', content_encoding="br")

    assert (answered.status, answered.error["code"]) == (415, "unsupported_content_encoding")


@pytest.mark.parametrize("place", ["before", "behind"])
async def test_ten_megabytes_pass_also_to_the_second_provider(plane: Plane, place: str) -> None:
    filler = '"image":"' + "iVBORw0KGgo\\n" * 830_000 + '"'
    model = '"model":"%s"'
    order = [filler, model] if place == "before" else [model, filler]
    body = "{" + ",".join(order) + "}"
    plane.upstreams["alpha"].script.append(_failing)

    answered = await plane.chat((body % "fast").encode())

    assert answered.status == 200
    (first,), (second,) = plane.upstreams["alpha"].received, plane.upstreams["beta"].received
    assert first.body == second.body == (body % "fast-2026").encode()


async def _failing(writer: Any) -> None:
    writer.write(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n")
    await writer.drain()


async def test_a_body_larger_than_the_gateway_takes_is_refused(plane: Plane) -> None:
    answered = await plane.chat(b'{"model":"open","x":"' + b"y" * (33 * 1024 * 1024) + b'"}')

    assert (answered.status, answered.error["code"]) == (413, "request_too_large")
