"""Pages: sizes coerced, tokens opaque to callers; one that comes back with another question is refused, for a page of
another list would be a wrong answer that looks like a right one."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from controlplane.domain.errors import FieldFault, InvalidInput

DEFAULT_SIZE = 50
MAX_SIZE = 1000
T = TypeVar("T")


def page_size(asked: int) -> int:
    """Zero is 50, more than 1000 is 1000."""
    return min(asked or DEFAULT_SIZE, MAX_SIZE)


def page_after(request: Any, parts: int) -> list[str]:
    """The key that the page starts after, `parts` strings; empty strings for the first page. Raises InvalidInput."""
    if not request.page_token:
        return [""] * parts
    try:
        told = json.loads(base64.urlsafe_b64decode(request.page_token.encode("ascii")))
    except (ValueError, UnicodeError, RecursionError):
        told = None
    if not isinstance(told, list) or len(told) != parts + 1 or not all(isinstance(part, str) for part in told):
        raise bad_token()
    question, *key = told
    if question != _question(request):
        raise bad_token()
    return key


def bad_token() -> InvalidInput:
    """The token is not one of ours, or not of this question."""
    problem = "is not one that this list returned for the same filters; start without one"
    fault = FieldFault("page_token", "page_token", problem)
    return InvalidInput("page_token is not valid", (fault,))


def cut(found: Sequence[T], size: int) -> tuple[Sequence[T], bool]:
    """`found` was read with one more than `size`: the page, and whether another follows."""
    return found[:size], len(found) > size


def next_token(request: Message, *key: str) -> str:
    """A token for the page of the same question after this key."""
    return base64.urlsafe_b64encode(json.dumps([_question(request), *key]).encode()).decode()


def _question(request: Message) -> str:
    """Names what is asked, apart from which page: the list and its filters."""
    bare = type(request)()
    bare.CopyFrom(request)
    for name in ("page_size", "page_token"):
        bare.ClearField(name)
    asked = request.DESCRIPTOR.full_name.encode() + b"\0" + bare.SerializeToString(deterministic=True)
    return hashlib.sha256(asked).hexdigest()[:8]
