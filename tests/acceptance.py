"""Where the acceptance material lies: recorded cases from outside, next to the repository, not part of it."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "acceptance"


def cases(pattern: str) -> list[Path]:
    """The files that match, in a stable order; none when the material is absent."""
    return sorted(FOLDER.glob(pattern))
