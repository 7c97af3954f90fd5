"""OpenAI's chat shapes as the demo provider writes them: completion, chunks, model list, error. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What is needed of a chat completion request. `created_at` is seconds since 1970, as OpenAI writes times."""

    id: str
    provider: str
    model: str
    messages: Sequence[JSON]
    created_at: int
    stream: bool
    include_usage: bool

    @property
    def prompt_tokens(self) -> int:
        """Words, since the demo provider has no tokenizer."""
        return sum(len(text_of(message).split()) for message in self.messages)

    @property
    def last_words(self) -> str:
        """The text of the last message of the user."""
        said = [text_of(message) for message in self.messages if message.get("role") == "user"]
        return said[-1] if said else ""


def text_of(message: JSON) -> str:
    """The text of a message, whose content is a string or a list of parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def content_pieces(question: Question, tokens: int | None) -> list[str]:
    """The answer in pieces of a word each; exactly `tokens` of them when given."""
    text = (
        f"Hello from the demo provider {question.provider!r}, which was asked for model {question.model!r}. "
        f"You said: {question.last_words}"
    )
    words = [word + " " for word in text.split(" ")]
    words[-1] = words[-1].rstrip()
    if tokens is None:
        return words
    return [words[index % len(words)] for index in range(tokens)]


def completion(question: Question, pieces: Sequence[str]) -> JSON:
    """The whole answer at once."""
    message = {"role": "assistant", "content": "".join(pieces), "refusal": None}
    return {
        **_envelope(question, "chat.completion"),
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": usage(question, len(pieces)),
    }


def chunks(question: Question, pieces: Sequence[str]) -> Iterator[JSON]:
    """The answer as it is streamed: the role, each piece, the end, and the usage when it was asked for."""
    yield _chunk(question, {"role": "assistant", "content": ""}, None)
    for piece in pieces:
        yield _chunk(question, {"content": piece}, None)
    yield _chunk(question, {}, "stop")
    if question.include_usage:
        yield {
            **_envelope(question, "chat.completion.chunk"),
            "choices": [],
            "usage": usage(question, len(pieces)),
        }


def usage(question: Question, completion_tokens: int) -> JSON:
    """Token counts."""
    prompt_tokens = question.prompt_tokens
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def model_list(models: Sequence[str], provider: str, created_at: int) -> JSON:
    """The answer to GET /v1/models."""
    data = [{"id": name, "object": "model", "created": created_at, "owned_by": provider} for name in models]
    return {"object": "list", "data": data}


def error(status: int, message: str, code: str, param: str | None = None) -> JSON:
    """An error in OpenAI's shape."""
    kind = "invalid_request_error" if status < 500 and status != 429 else "server_error"
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def sse(data: JSON | str) -> bytes:
    """One event of a stream."""
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))
    return f"data: {text}\n\n".encode()


def _envelope(question: Question, kind: str) -> JSON:
    return {
        "id": question.id,
        "object": kind,
        "created": question.created_at,
        "model": question.model,
        "system_fingerprint": f"demo-{question.provider}",
    }


def _chunk(question: Question, delta: JSON, finish_reason: str | None) -> JSON:
    body: JSON = {
        **_envelope(question, "chat.completion.chunk"),
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}],
    }
    if question.include_usage:
        body["usage"] = None
    return body
