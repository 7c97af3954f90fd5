"""When an answered poll may come again: a crowd that was woken together lets all of it be answered first."""

from __future__ import annotations

from datetime import timedelta

AT_ONCE = timedelta()
CROWD = 500  # polls woken together from which on their next ones are put off and spread
BACK = 5000  # of them are back a second
LONGEST = 5.0
WHILE_ALL_ARE_ANSWERED = 1 / 3  # of the time until the last is back


def pause_after(crowd: int, jitter: float) -> timedelta:
    """Whole milliseconds. `crowd`: how many were woken together; `jitter`: in [0, 1)."""
    if crowd < CROWD:
        return AT_ONCE
    last = min(crowd / BACK, LONGEST)
    share = WHILE_ALL_ARE_ANSWERED + (1 - WHILE_ALL_ARE_ANSWERED) * jitter
    return timedelta(milliseconds=round(last * share * 1000))
