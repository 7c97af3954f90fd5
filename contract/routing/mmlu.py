"""The categories that domain classifiers know, and the one that was probably meant."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator

from contract.faults import shown
from contract.fields import refuse
from contract.words import find_way_out

CATEGORIES: Final = (
    "biology",
    "business",
    "chemistry",
    "computer science",
    "economics",
    "engineering",
    "health",
    "history",
    "law",
    "math",
    "other",
    "philosophy",
    "physics",
    "psychology",
)


def _category(written: str) -> str:
    category = written.strip()
    if category not in CATEGORIES:
        meant = find_way_out(category.replace("_", " ").replace("-", " "), CATEGORIES)
        raise refuse("value", f"contains unsupported mmlu category {shown(written)}", meant)
    return category


MmluCategory = Annotated[str, AfterValidator(_category)]
