"""Pages: sizes coerced, tokens opaque to callers and checked when they come back."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import TypeVar

from controlplane.domain.errors import FieldFault, InvalidInput

DEFAULT_SIZE = 50
MAX_SIZE = 1000
T = TypeVar("T")


def page_size(asked: int) -> int:
    """Zero is 50, more than 1000 is 1000."""
    return min(asked or DEFAULT_SIZE, MAX_SIZE)


def page_after(token: str, parts: int) -> list[str]:
    """The key that the page starts after, `parts` strings; empty strings for the first page. Raises InvalidInput."""
    if not token:
        return [""] * parts
    try:
        key = json.loads(base64.urlsafe_b64decode(token.encode("ascii")))
    except (ValueError, UnicodeError, RecursionError):
        key = None
    if not isinstance(key, list) or len(key) != parts or not all(isinstance(part, str) for part in key):
        raise bad_token()
    return key


def bad_token() -> InvalidInput:
    """The token is not one of ours."""
    fault = FieldFault("page_token", "page_token", "is not one that this list returned; start without one")
    return InvalidInput("page_token is not valid", (fault,))


def cut(found: Sequence[T], size: int) -> tuple[Sequence[T], bool]:
    """`found` was read with one more than `size`: the page, and whether another follows."""
    return found[:size], len(found) > size


def next_token(*key: str) -> str:
    """A token for the page after this key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()
