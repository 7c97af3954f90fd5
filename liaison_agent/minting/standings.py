"""How it stands with one credential: the token it has, when it is to be renewed, what went wrong. Pure.

A token is renewed when 60 to 80 % of its life are over, so that many do not ask at once and several tries fit into what
is left. Failures wait longer each time, a refusal longest. The last token counts until it ends; then there is none.
Times are monotonic seconds; `chance` is a random number from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from liaison_agent.minting.access_tokens import AccessToken, MintError

_EARLIEST, _LATEST = 0.6, 0.8
_IN_FLIGHT: Final = 10.0  # a token must not end between here and the provider
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0
_LONGEST_AFTER_REFUSAL: Final = 300.0


@dataclass(frozen=True, slots=True)
class Standing:
    """As it begins: nothing was tried, and it is due at once."""

    token: str = field(default="", repr=False)
    ends_at: float = 0.0
    due_at: float = 0.0
    failures: int = 0
    problem: str = ""
    tried: bool = False

    def minted(self, token: AccessToken, asked_at: float, chance: float) -> Standing:
        """With a fresh token, asked for then."""
        lifetime = token.lifetime.total_seconds()
        ends_at = asked_at + lifetime - min(_IN_FLIGHT, lifetime / 10)
        due_at = asked_at + lifetime * (_EARLIEST + (_LATEST - _EARLIEST) * chance)
        return Standing(token.value, ends_at, due_at, tried=True)

    def failed(self, error: MintError, now: float, chance: float) -> Standing:
        """Without a new one; the one before stays."""
        longest = _LONGEST_AFTER_REFUSAL if error.refused else _LONGEST_PAUSE
        pause = min(longest, _FIRST_PAUSE * 2.0 ** min(self.failures, 10)) * (0.5 + chance / 2)
        failures = self.failures + 1
        return replace(self, due_at=now + pause, failures=failures, problem=str(error), tried=True)

    def given_anew(self) -> Standing:
        """With another credential in the place of the one before, whose token serves until there is one of the new."""
        return replace(self, due_at=0.0, failures=0, problem="", tried=False)

    def at(self, now: float) -> Standing:
        """As it is then: a token that ended is none."""
        return replace(self, token="", ends_at=0.0) if self.token and now >= self.ends_at else self

    @property
    def next_at(self) -> float:
        """When something is to be done."""
        return min(self.due_at, self.ends_at) if self.token else self.due_at
