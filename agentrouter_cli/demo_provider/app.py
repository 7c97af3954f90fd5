"""The demo provider's HTTP face: chat completions, models and health under `/v1` and under `/<provider>/v1`.

One process stands for several providers: the path's first part names the one that answers.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from aiohttp import web

from agentrouter_cli.demo_provider import answers
from agentrouter_cli.demo_provider.behaviour import (
    HEADER,
    Behaviour,
    BehaviourError,
    Failure,
    Script,
    parse_header,
    split_model,
)
from agentrouter_cli.demo_provider.received import Journal, Received, receive

MAX_BODY_BYTES: Final = 64 * 1024 * 1024

_log = logging.getLogger("agentrouter.demo_provider")


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """`name` answers under `/v1`. Without `api_key` every credential is accepted; without `models` every model."""

    name: str = "demo"
    models: Sequence[str] = ()
    api_key: str | None = field(default=None, repr=False)


def create_app(settings: DemoSettings, clock: Callable[[], float] = time.time) -> web.Application:
    """The application, ready to be served."""
    demo = _Demo(settings, clock)
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_errors_as_openai])
    app.router.add_get("/health", demo.health)
    for prefix in ("", "/{provider}"):
        app.router.add_post(f"{prefix}/v1/chat/completions", demo.chat)
        app.router.add_get(f"{prefix}/v1/models", demo.models)
    app.router.add_put("/admin/behaviours/{provider}", demo.set_behaviour)
    app.router.add_delete("/admin/behaviours/{provider}", demo.clear_behaviour)
    app.router.add_get("/admin/requests", demo.list_requests)
    app.router.add_delete("/admin/requests", demo.forget_requests)
    return app


class _Demo:
    def __init__(self, settings: DemoSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._script = Script()
        self._journal = Journal()

    async def health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "provider": self._settings.name})

    async def models(self, request: web.Request) -> web.Response:
        if refusal := self._refuse_credential(request):
            return refusal
        names = self._settings.models or ("demo-small", "demo-large")
        return web.json_response(answers.model_list(names, self._provider(request), int(self._clock())))

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        entry = receive(self._provider(request), request.method, request.path, request.headers.items(), body)
        self._journal.add(entry)
        if refusal := self._refuse_credential(request):
            return refusal
        question = self._question(entry.provider, body)
        try:
            name, directives = split_model(question.model)
            header = parse_header(request.headers.get(HEADER, ""))
            behaviour = self._script.behaviour_for(entry.provider, directives, header)
        except BehaviourError as problem:
            return _error(400, str(problem), "invalid_behaviour")
        if self._settings.models and name not in self._settings.models:
            return _error(404, f"The model {name!r} does not exist at provider {entry.provider!r}.", "model_not_found")
        _log.info(
            "provider=%s model=%s stream=%s credential=…%s",
            entry.provider,
            json.dumps(question.model),
            question.stream,
            entry.credential_last_four or "none",
        )
        return await self._perform(request, question, behaviour, entry)

    async def set_behaviour(self, request: web.Request) -> web.Response:
        directives = await _json_object(request)
        try:
            self._script.set(request.match_info["provider"], {name: str(value) for name, value in directives.items()})
        except BehaviourError as problem:
            return _error(400, str(problem), "invalid_behaviour")
        return web.json_response({"provider": request.match_info["provider"], "behaviour": directives})

    async def clear_behaviour(self, request: web.Request) -> web.Response:
        self._script.clear(request.match_info["provider"])
        return web.json_response({"provider": request.match_info["provider"], "behaviour": {}})

    async def list_requests(self, request: web.Request) -> web.Response:
        return web.json_response({"requests": [entry.shown() for entry in self._journal.entries()]})

    async def forget_requests(self, request: web.Request) -> web.Response:
        self._journal.clear()
        return web.json_response({"requests": []})

    async def _perform(
        self, request: web.Request, question: answers.Question, behaviour: Behaviour, entry: Received
    ) -> web.StreamResponse:
        if behaviour.delay:
            await asyncio.sleep(behaviour.delay)
        failure = behaviour.fail
        if failure and self._script.takes_failure(question.provider, question.model, failure):
            return _fail(request, question, failure)
        if behaviour.echo:
            pieces = [json.dumps(entry.shown(), ensure_ascii=False)]
        else:
            pieces = answers.content_pieces(question, behaviour.tokens)
        if question.stream:
            return await _stream(request, question, pieces, behaviour)
        return await _answer_whole(request, question, pieces, behaviour)

    def _question(self, provider: str, body: bytes) -> answers.Question:
        asked = _parse_object(body)
        model, messages = asked.get("model"), asked.get("messages")
        if not isinstance(model, str) or not model:
            raise _Refusal(400, "The field 'model' must name a model.", "invalid_model")
        if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
            raise _Refusal(400, "The field 'messages' must be a list of messages.", "invalid_messages")
        options = asked.get("stream_options")
        return answers.Question(
            id=f"chatcmpl-{uuid4().hex}",
            provider=provider,
            model=model,
            messages=messages,
            created_at=int(self._clock()),
            stream=asked.get("stream") is True,
            include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        )

    def _provider(self, request: web.Request) -> str:
        return request.match_info.get("provider", self._settings.name)

    def _refuse_credential(self, request: web.Request) -> web.Response | None:
        expected = self._settings.api_key
        given = request.headers.get("Authorization", "")
        if expected is None or hmac.compare_digest(given.encode(), f"Bearer {expected}".encode()):
            return None
        return _error(401, f"Provider {self._provider(request)!r} does not accept this API key.", "invalid_api_key")


class _Refusal(Exception):
    """A request that cannot be read; becomes an answer in the middleware."""

    def __init__(self, status: int, message: str, code: str) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


@web.middleware
async def _errors_as_openai(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
        return response
    except _Refusal as refusal:
        return _error(refusal.status, refusal.message, refusal.code)
    except web.HTTPException as problem:
        return _error(problem.status, f"{request.method} {request.path}: {problem.reason}.", "not_served")


async def _answer_whole(
    request: web.Request, question: answers.Question, pieces: list[str], behaviour: Behaviour
) -> web.StreamResponse:
    await asyncio.sleep(behaviour.token_delay * len(pieces))
    answer = web.json_response(answers.completion(question, pieces), headers=_headers(question))
    if behaviour.die_after is None:
        return answer
    promised = web.StreamResponse(headers={**_headers(question), "Content-Type": "application/json"})
    body = answer.body
    promised.content_length = len(body) if isinstance(body, bytes) else 0
    await promised.prepare(request)
    await promised.write(body[: len(body) // 2] if isinstance(body, bytes) else b"")
    _cut(request)
    return promised


async def _stream(
    request: web.Request, question: answers.Question, pieces: list[str], behaviour: Behaviour
) -> web.StreamResponse:
    head = {**_headers(question), "Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    response = web.StreamResponse(headers=head)
    await response.prepare(request)
    for index, chunk in enumerate(answers.chunks(question, pieces)):
        if behaviour.die_after is not None and index > behaviour.die_after:
            _cut(request)
            return response
        if behaviour.token_delay and index:
            await asyncio.sleep(behaviour.token_delay)
        await response.write(answers.sse(chunk))
    await response.write(answers.sse("[DONE]"))
    await response.write_eof()
    return response


def _fail(request: web.Request, question: answers.Question, failure: Failure) -> web.StreamResponse:
    if failure.resets:
        _cut(request)
    message = f"Provider {question.provider!r} fails on demand."
    return _error(failure.status or 502, message, "demo_failure", _headers(question))


def _cut(request: web.Request) -> None:
    """Reset the connection, as a provider that dies does."""
    if request.transport is not None:
        request.transport.abort()


def _headers(question: answers.Question) -> dict[str, str]:
    return {"x-demo-provider": question.provider}


def _error(status: int, message: str, code: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(answers.error(status, message, code), status=status, headers=headers)


async def _json_object(request: web.Request) -> dict[str, Any]:
    return _parse_object(await request.read())


def _parse_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _Refusal(400, "The body must be a JSON object.", "invalid_json")
    return value
