"""What a backend is called where its document gives no name."""

from __future__ import annotations


def backend_name(written: str | None, index: int) -> str:
    """The written name, else `primary` for the first entry of `backend_refs`, `backend-<position>` for later ones."""
    return written or ("primary" if index == 0 else f"backend-{index + 1}")
