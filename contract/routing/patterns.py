"""Regular expressions in a document: refused when no engine of the contract's kind (RE2) can read them.

Such engines run in linear time and know neither looking around nor references back.
"""

from __future__ import annotations

import re
import warnings
from typing import Final

MOST_REPEATS: Final = 1000

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


def pattern_problem(pattern: str) -> str | None:
    """Why a pattern cannot be read; None when it can."""
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
