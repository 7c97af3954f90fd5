"""What a consumer may use: classes of requests and tokens a minute, a fixed ladder, and a budget of money or tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from contract.faults import FaultLog
from contract.fields import Part, Price, says
from contract.plain_values import section

LimitsClass = Literal[
    "rpm-1", "rpm-2", "rpm-3", "rpm-5",
    "rpm-10", "rpm-20", "rpm-30", "rpm-50",
    "rpm-100", "rpm-200", "rpm-300", "rpm-500",
    "rpm-1000", "rpm-2000", "rpm-3000", "rpm-5000", "rpm-10000",
]  # fmt: skip
"""The ladder is fixed: a gateway that met a class it does not know would not limit at all."""

TOKENS_PER_REQUEST: Final = 1000
MOST_TOKENS: Final = 10**15


@dataclass(frozen=True, slots=True)
class Limits:
    """What a class allows in one minute, for one consumer in one data plane."""

    requests: int
    tokens: int


def limits_of(limits_class: LimitsClass) -> Limits:
    """`rpm-50` is 50 requests and 50,000 tokens a minute."""
    requests = int(limits_class.removeprefix("rpm-"))
    return Limits(requests, requests * TOKENS_PER_REQUEST)


class Budget(Part):
    """The most that a consumer may spend in a period: money, tokens (input and output together), or both.

    Periods are the calendar's, in UTC; `total` never begins anew. Money is counted with the workspace's prices, which
    have to be in the same currency.
    """

    amount: Annotated[Price | None, says("how much money, in units of currency")] = None
    currency: Annotated[
        str, Field(pattern=r"^[A-Z]{3}$"), says("in capital letters, as in ISO 4217; that of the workspace's prices")
    ] = "USD"
    tokens: Annotated[
        Annotated[int, Field(ge=0, le=MOST_TOKENS)] | None, says("how many tokens of requests and answers together")
    ] = None
    period: Annotated[
        Literal["day", "week", "month", "total"],
        says("when counting begins anew, by the calendar in UTC; total: never"),
    ] = "month"


def check_budget(document: dict[str, Any], log: FaultLog) -> None:
    """A budget limits something."""
    budget = section(document, "budget")
    if isinstance(document.get("budget"), dict) and budget.get("amount") is None and budget.get("tokens") is None:
        log.add("budget", "required", "needs amount or tokens", "say how much may be spent, or take budget out")
