"""How long the words in an agent's report may be, and how both programs mark that some were cut."""

from __future__ import annotations

from typing import Final

MOST_CHARACTERS: Final = 2000  # of one warning, or one reason
MOST_WARNINGS: Final = 100
MOST_OUTAGES: Final = 100


def clipped(text: str, most: int = MOST_CHARACTERS) -> str:
    """At most so many characters; what was cut ends with how long it was."""
    if len(text) <= most:
        return text
    mark = f" … (cut: {len(text)} characters in all)"
    return text[: most - len(mark)] + mark
