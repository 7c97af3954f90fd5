"""Fields that take one of a few known words: what else is written is named, with the word that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, get_args

from pydantic import BeforeValidator

from contract.faults import shown
from contract.fields import refuse
from contract.spelling import nearest

MOST_COMPARED: Final = 200
MOST_LISTED: Final = 20

NONE_RETIRED: Final[Mapping[str, str]] = MappingProxyType({})

_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:/-]+(?: [A-Za-z0-9_.:/-]+)*")


def known_word(
    words: Any, what: str, fold: Callable[[str], str] | None = None, default: str | None = None
) -> BeforeValidator:
    """For `Annotated[Words, known_word(Words, "method")]`, where Words is a Literal of texts.

    With `fold` (str.lower, str.upper) a word counts however it is cased, and is kept as the Literal writes it. With
    `default` empty text stands for that.
    """
    return _one_of(
        get_args(words),
        lambda value: f"unsupported {what} {shown(value)}",
        {} if default is None else {"": default},
        (lambda value: fold(value.strip())) if fold else str,
    )


def choice(words: Any, name: str, default: str | None = None, retired: Mapping[str, str] = NONE_RETIRED) -> Any:
    """The same, told by the field's name: `Annotated[Words, choice(Words, "mode", "auto")]`. Empty text is the default.

    `retired` holds words that earlier releases took, with the one that is meant by them now; rules warn of them.
    """
    known: tuple[str, ...] = get_args(words)
    return _one_of(
        known, lambda value: f"{name} must be {_listed(known)}, not {shown(value)}", {"": default, **retired}
    )


def _one_of(
    known: tuple[str, ...],
    complaint: Callable[[str], str],
    meant: Mapping[str, str | None],
    read: Callable[[str], str] = str,
) -> BeforeValidator:
    """`meant`: what else is taken, and what is meant by it."""

    def validate(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        word = read(value)
        if word in meant:
            return meant[word]
        if word not in known:
            raise refuse("value", complaint(value), find_way_out(value, known))
        return word

    return BeforeValidator(validate)


def _listed(words: tuple[str, ...]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


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
