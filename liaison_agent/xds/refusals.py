"""Envoy's refusals made fit to show: whose they are, and their text without dumps and without anything secret."""

import re
from collections.abc import Sequence

from liaison_agent.state import Resource

_LONGEST = 400
# A dump of the refused message, before or after the reason; text format never begins a line of its own with ": ".
_DUMP = re.compile(r":?\s*goo\.gle/debug\w*.*?(?:\n: |\Z)", re.DOTALL)
_PREAMBLE = re.compile(r"^Error adding/updating (?:cluster|listener)\(s\) ")
_MASKED = (
    (re.compile(r"(Duplicated credential key): '[^']*'"), r"\1"),
    (re.compile(r'\[string ".*?"\]', re.DOTALL), "script"),
    (re.compile(r"-----BEGIN.*?(?:-----END[^-]*-----|\Z)", re.DOTALL), "[key material]"),
    (re.compile(r"\b(?:sk-[\w.-]{4,}|Bearer\s+\S+|eyJ[\w.-]{8,})"), "[secret]"),
)
_PLACE_TAKEN = ("duplicate address", "scope key conflict")


def reason_of(text: str, name: str) -> str:
    """Envoy's text about one resource: one line, without its preamble, without dumps of configuration or secrets."""
    text = _DUMP.sub(" ", _PREAMBLE.sub("", text).removeprefix(f"{name}: "))
    for pattern, instead in _MASKED:
        text = pattern.sub(instead, text)
    text = " ".join(text.split())
    if len(text) > _LONGEST:
        text = text[:_LONGEST].rstrip() + "…"
    return text or "refused without a reason"


def is_place_taken(text: str) -> bool:
    """Whether the refusal may only come from something that is about to be removed."""
    return any(sign in text for sign in _PLACE_TAKEN)


def split_by_guilt(group: Sequence[Resource], text: str) -> tuple[list[Resource], list[Resource]]:
    """Two parts of a refused group, to be tried one after the other: those that the text does not name, then those it
    does; halves, if that tells nothing."""
    text = _DUMP.sub("\n", text)
    named = [one for one in group if re.search(rf"(?:^|[\s,(]){re.escape(one.name)}: ", text)]
    if 0 < len(named) < len(group):
        return [one for one in group if one not in named], named
    middle = len(group) // 2
    return list(group[:middle]), list(group[middle:])
