"""Which path somebody may have meant who asked for one that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LOOKED_AT = 100  # characters: nobody means more, and comparing long texts takes long


def nearest(path: str, known: Iterable[str]) -> str:
    """The known path whose last part is the same or much alike; empty for none."""
    asked = path.rstrip("/").rpartition("/")[2][:LOOKED_AT].casefold()
    by_name = {each.rpartition("/")[2].casefold(): each for each in known}
    if asked in by_name:
        return by_name[asked]
    found = difflib.get_close_matches(asked, by_name, n=1, cutoff=0.7)
    return by_name[found[0]] if found else ""
