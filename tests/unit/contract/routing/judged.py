"""A routing section judged by itself: what its shape and its own rules say."""

from __future__ import annotations

from typing import Any

from contract.faults import ContractError, Fault, FaultLog
from contract.fields import Part
from contract.routing.declared_signals import declared_signals
from contract.routing.patterns import check_patterns
from contract.routing.profile import RoutingProfile
from contract.routing.projection_rules import check_projections
from contract.routing.signal_rules import check_signals
from contract.structure import Fitting, Retired, build


class _Holder(Part):
    routing: RoutingProfile


def judged(routing: dict[str, Any]) -> tuple[RoutingProfile | None, FaultLog]:
    """The model, when there is one, and everything that is said of the section."""
    log = FaultLog()
    fitted = Fitting(Retired(), log).fit({"routing": routing}, _Holder)
    declared = declared_signals(fitted["routing"])
    check_signals(fitted["routing"], "routing", declared, log)
    check_projections(fitted["routing"], "routing", declared, log)
    check_patterns([("routing", fitted["routing"])], log)
    holder = build(fitted, _Holder, log)
    return (holder.routing if holder else None), log


def faults_of(routing: dict[str, Any]) -> tuple[Fault, ...]:
    try:
        judged(routing)[1].raise_if_any()
    except ContractError as refusal:
        return refusal.faults
    return ()


def warnings_of(routing: dict[str, Any]) -> tuple[Fault, ...]:
    """Of a section that is valid."""
    assert faults_of(routing) == ()
    return judged(routing)[1].warnings()


def the_fault_of(routing: dict[str, Any]) -> str:
    """The only fault as people see it."""
    (fault,) = faults_of(routing)
    return str(fault)


def signals(**families: Any) -> dict[str, Any]:
    return {"signals": families}


def accepted(routing: dict[str, Any]) -> RoutingProfile:
    profile, log = judged(routing)
    log.raise_if_any()
    assert profile is not None
    return profile
