"""Regular expressions in a document: refused when no engine of the contract's kind (RE2) can read them.

Such engines run in linear time and know neither looking around nor references back.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from typing import Any, Final

from contract.faults import FaultLog, item, under
from contract.plain_values import entries, section, text

MOST_REPEATS: Final = 1000
LEAST_SIGNS: Final = 50
"""What reading a short pattern costs, in signs of a long one."""

MOST_SIGNS: Final = 500_000
"""Of all patterns of a document together, so that reading them takes a second at most."""

_SPECIAL: Final = re.compile(r"[\\^$.|?*+()\[\]{}]")
_ESCAPED: Final = r"(?<!\\)((?:\\\\)*)"
_LOOKING: Final = re.compile(_ESCAPED + r"\(\?(?:=|!|<=|<!|>|\(|P=|P>|#)")
_BACK: Final = re.compile(_ESCAPED + r"\\(?:[1-9]|[gk][<{'])")
_OWN: Final = (
    (re.compile(_ESCAPED + r"\\(?:[pP](?:\{\^?\w+\}|\w)|C)"), r"\1\\w"),
    (re.compile(_ESCAPED + r"\\z"), r"\1\\Z"),
    (re.compile(_ESCAPED + r"\\Q(.*?)(?:\\E|$)", re.DOTALL), r"\1(?:x)"),
    (re.compile(_ESCAPED + r"\\x\{[0-9A-Fa-f]{1,6}\}"), r"\1x"),
    (re.compile(r"\[:\^?[a-z]+:\]"), "a"),
    (re.compile(_ESCAPED + r"\(\?<(?=[A-Za-z_])"), r"\1(?P<"),
    (re.compile(_ESCAPED + r"\(\?([imsU]*)(-[imsU]+)?\)"), r"\1"),
    (re.compile(_ESCAPED + r"\(\?([imsU]*)(-[imsU]+)?:"), r"\1(?:"),
)
"""What RE2 knows and Python does not, and what to put in its place to see whether the rest can be read."""


def check_patterns(sections: Iterable[tuple[str, dict[str, Any]]], log: FaultLog) -> None:
    """Every pattern in the signals of the routing sections, which are given with their paths."""
    left = MOST_SIGNS
    for path, pattern in _patterns(sections):
        left -= len(pattern) + LEAST_SIGNS
        if left < 0:
            message = f"all patterns together have more than {MOST_SIGNS} signs"
            log.add(path, "too_large", message, "look for words as they are, or split the document")
            return
        if problem := pattern_problem(pattern):
            log.add(path, "value", problem, "mend it, or look for words as they are")


def _patterns(sections: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, str]]:
    for path, routing in sections:
        signals = section(routing, "signals")
        for at, rule in entries(signals, "keywords", f"{path}.signals.keywords"):
            keywords = rule.get("keywords") if text(rule, "method").strip().lower() == "regex" else None
            for index, keyword in enumerate(keywords if isinstance(keywords, list) else ()):
                if isinstance(keyword, str):
                    yield item(under(at, "keywords"), index), keyword
        for at, rule in entries(signals, "structure", f"{path}.signals.structure"):
            source = section(section(rule, "feature"), "source")
            if text(source, "type").strip().lower() == "regex":
                yield f"{at}.feature.source.pattern", text(source, "pattern")


def pattern_problem(pattern: str) -> str | None:
    """Why a pattern cannot be read; None when it can."""
    if not _SPECIAL.search(pattern):
        return None
    if _LOOKING.search(pattern):
        return "uses lookahead, lookbehind or another group that the engine (RE2) does not know"
    if _BACK.search(pattern):
        return "refers back to a group, which the engine (RE2) does not know"
    if any(int(count) > MOST_REPEATS for count in re.findall(r"\{(\d{1,9})[,}]", pattern)):
        return f"repeats something more than {MOST_REPEATS} times"
    for own, substitute in _OWN:
        pattern = own.sub(substitute, pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as problem:
        return f"is no regular expression: {problem}" if isinstance(problem, re.error) else "is too deeply nested"
    return None
