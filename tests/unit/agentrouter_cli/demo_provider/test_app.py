"""The demo provider over HTTP: OpenAI's shapes, scripted failures, no credential shown."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from agentrouter_cli.demo_provider.app import DemoSettings, create_app

if TYPE_CHECKING:
    import openai

MESSAGES: Any = [{"role": "user", "content": "good morning"}]


@asynccontextmanager
async def demo(settings: DemoSettings | None = None) -> AsyncIterator[TestClient]:
    app = create_app(settings or DemoSettings(), clock=lambda: 1_700_000_000.9)
    async with TestClient(TestServer(app)) as client:
        yield client


async def ask(client: TestClient, model: str = "small", **more: Any) -> tuple[int, Any]:
    headers = more.pop("headers", {})
    path = more.pop("path", "/v1/chat/completions")
    body = {"model": model, "messages": MESSAGES, **more}
    async with client.post(path, json=body, headers=headers) as response:
        return response.status, await response.json()


async def test_the_answer_names_the_provider_and_the_model_it_was_asked_for() -> None:
    async with demo() as client:
        status, answer = await ask(client, "small", path="/alpha/v1/chat/completions")

    content = answer["choices"][0]["message"]["content"]
    assert (status, answer["model"], answer["created"]) == (200, "small", 1_700_000_000)
    assert "'alpha'" in content
    assert "'small'" in content
    assert "good morning" in content


@pytest.fixture
async def sdk() -> AsyncIterator[openai.AsyncOpenAI]:
    import openai  # takes a second, which every test process would spend to collect the tests

    async with demo() as client, openai.AsyncOpenAI(base_url=str(client.make_url("/v1")), api_key="any") as answering:
        yield answering


async def test_the_openai_sdk_gets_the_same_text_streamed_and_whole(sdk: openai.AsyncOpenAI) -> None:
    whole = await sdk.chat.completions.create(model="small", messages=MESSAGES)
    stream = await sdk.chat.completions.create(
        model="small", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )

    text, usage = "", None
    async for chunk in stream:
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
        usage = chunk.usage or usage

    assert text == whole.choices[0].message.content
    assert usage == whole.usage


async def test_a_stream_ends_with_done_and_leaves_out_usage_unless_asked() -> None:
    async with (
        demo() as client,
        client.post("/v1/chat/completions", json={"model": "small", "messages": MESSAGES, "stream": True}) as response,
    ):
        events = (await response.text()).split("\n\n")

    assert response.content_type == "text/event-stream"
    assert events[-2:] == ["data: [DONE]", ""]
    assert all("usage" not in json.loads(event.removeprefix("data: ")) for event in events[:-2])


async def test_a_stream_may_die_in_its_middle() -> None:
    async with demo() as client:
        body = {"model": "small+die_after=2", "messages": MESSAGES, "stream": True}
        async with client.post("/v1/chat/completions", json=body) as response:
            with pytest.raises(aiohttp.ClientError):
                await response.read()


async def test_a_connection_may_be_reset_before_any_answer() -> None:
    async with demo() as client:
        with pytest.raises(aiohttp.ClientError):
            await ask(client, "small+fail=reset")


async def test_an_admin_makes_one_provider_fail_a_number_of_times() -> None:
    async with demo() as client:
        await client.put("/admin/behaviours/alpha", json={"fail": "503x1"})

        answers = [await ask(client, path=f"/{name}/v1/chat/completions") for name in ("alpha", "beta", "alpha")]

    assert [status for status, _ in answers] == [503, 200, 200]
    assert answers[0][1]["error"]["code"] == "demo_failure"


async def test_echo_shows_headers_and_body_but_only_the_end_of_a_credential() -> None:
    async with demo() as client:
        headers = {"Authorization": "Bearer sk-very-secret-1234", "x-demo-behaviour": "echo", "x-other": "kept"}
        _, answer = await ask(client, "small", headers=headers)

    echoed = json.loads(answer["choices"][0]["message"]["content"])
    assert json.loads(echoed["body"])["model"] == "small"
    assert ["x-other", "kept"] in echoed["headers"]
    assert echoed["credential_last_four"] == "1234"
    assert "secret" not in json.dumps(echoed)


async def test_requests_are_remembered_until_they_are_forgotten() -> None:
    async with demo() as client:
        await ask(client, "small", path="/alpha/v1/chat/completions")
        async with client.get("/admin/requests") as response:
            before = (await response.json())["requests"]
        await client.delete("/admin/requests")
        async with client.get("/admin/requests") as response:
            after = (await response.json())["requests"]

    assert [entry["provider"] for entry in before] == ["alpha"]
    assert after == []


async def test_a_provider_with_a_key_refuses_every_other() -> None:
    async with demo(DemoSettings(api_key="right")) as client:
        wrong = await ask(client, headers={"Authorization": "Bearer wrong"})
        none = await ask(client)
        right = await ask(client, headers={"Authorization": "Bearer right"})

    assert [status for status, _ in (wrong, none, right)] == [401, 401, 200]
    assert wrong[1]["error"]["code"] == "invalid_api_key"


async def test_a_provider_with_models_refuses_every_other() -> None:
    async with demo(DemoSettings(models=("small",))) as client:
        known, unknown = await ask(client, "small+tokens=1"), await ask(client, "huge")
        async with client.get("/v1/models") as response:
            listed = await response.json()

    assert (known[0], unknown[0], unknown[1]["error"]["code"]) == (200, 404, "model_not_found")
    assert [model["id"] for model in listed["data"]] == ["small"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_json"),
        (b"[]", "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b'{"messages": []}', "invalid_model"),
        (b'{"model": "small", "messages": "hi"}', "invalid_messages"),
        (b'{"model": "small+fail=1", "messages": []}', "invalid_behaviour"),
    ],
)
async def test_a_request_that_cannot_be_read_is_a_400_in_openais_shape(body: bytes, code: str) -> None:
    async with demo() as client, client.post("/v1/chat/completions", data=body) as response:
        answer = await response.json()

    assert (response.status, answer["error"]["code"]) == (400, code)


async def test_an_unknown_path_is_a_404_in_openais_shape() -> None:
    async with demo() as client, client.get("/v2/unknown") as response:
        answer = await response.json()

    assert (response.status, answer["error"]["code"]) == (404, "not_served")
