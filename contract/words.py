"""Fields that take one of a few known words: what else is written is named, with the word that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any, Final, get_args

from pydantic import BeforeValidator

from contract.faults import shown
from contract.fields import refuse
from contract.spelling import nearest

MOST_COMPARED: Final = 200
MOST_LISTED: Final = 20

_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:/-]+(?: [A-Za-z0-9_.:/-]+)*")


def known_word(
    words: Any, what: str, fold: Callable[[str], str] | None = None, default: str | None = None
) -> BeforeValidator:
    """For `Annotated[Words, known_word(Words, "method")]`, where Words is a Literal of texts.

    With `fold` (str.lower, str.upper) a word counts however it is cased, and is kept as the Literal writes it. With
    `default` empty text stands for that.
    """
    known: tuple[str, ...] = get_args(words)

    def validate(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        word = fold(value.strip()) if fold else value
        if word == "" and default is not None:
            return default
        if word not in known:
            raise refuse("value", f"unsupported {what} {shown(value)}", find_way_out(value, known))
        return word

    return BeforeValidator(validate)


def way_out(word: str, known: Iterable[str], if_none: str = "declare it") -> str:
    """The remedy for a word that is not known: the nearest one, or some of them, or `if_none` when there are none."""
    known = tuple(islice(known, MOST_COMPARED))
    if not known:
        return if_none
    meant = nearest(word.lower(), known) or nearest(word.upper(), known)
    if meant:
        return f"did you mean {shown(meant)}?"
    listed = ", ".join(name if _PLAIN.fullmatch(name) else shown(name) for name in known[:MOST_LISTED])
    return f"use one of: {listed}" + (", ..." if len(known) > MOST_LISTED else "")


def find_way_out(word: str, known: Iterable[str], if_none: str = "declare it") -> Callable[[], str]:
    """The same, to be looked for only when it is going to be read: comparing words takes its time."""
    return partial(way_out, word, known, if_none)
