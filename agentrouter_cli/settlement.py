"""Waits until the data planes proved a version or refused it, as the control plane tells it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from agentrouter.configurator.v1 import configurations_pb2
from agentrouter.management.v1 import dataplanes_pb2
from agentrouter_cli.client import Client

POLL_SECONDS: Final = 0.05


class State(StrEnum):
    """What one data plane made of a version."""

    APPLIED = "applied"
    REFUSED = "refused"
    WAITING = "waiting"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class DataplaneOutcome:
    """One data plane and one version. `reason` only when it refused."""

    dataplane_id: str
    state: State
    applied_version: int
    running_version: int
    reason: str = ""

    def data(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "dataplane_id": self.dataplane_id,
            "state": self.state.value,
            "applied_version": self.applied_version,
            "running_version": self.running_version,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Settlement:
    """All data planes of the workspace and one version of one configuration."""

    outcomes: tuple[DataplaneOutcome, ...]

    @property
    def settled(self) -> bool:
        """Whether nobody is waited for any more."""
        return not any(each.state is State.WAITING for each in self.outcomes)

    @property
    def refusals(self) -> list[DataplaneOutcome]:
        """Who refused."""
        return [each for each in self.outcomes if each.state is State.REFUSED]

    def count(self, state: State) -> int:
        """How many are in that state."""
        return sum(each.state is state for each in self.outcomes)


def wait_settled(
    client: Client,
    user_id: str,
    version: int,
    wait: timedelta,
    progress: Callable[[Settlement], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Settlement:
    """Ask until it is settled or `wait` is over. A data plane that is known to be offline is not waited for."""
    deadline = clock() + wait.total_seconds()
    offline = _offline(client)
    while True:
        settlement = look(client, user_id, version, offline)
        progress(settlement)
        if settlement.settled or clock() >= deadline:
            return settlement
        sleep(POLL_SECONDS)


def look(client: Client, user_id: str, version: int, offline: frozenset[str]) -> Settlement:
    """How things stand now."""
    request = configurations_pb2.ListConfigurationsRequest(workspace_id=client.workspace_id, user_id=user_id)
    answer = client.call(client.configurator.list_configurations, request)
    dataplanes = [each for found in answer.configurations for each in found.dataplanes]
    return Settlement(tuple(_outcomes(dataplanes, version, offline)))


def _outcomes(
    dataplanes: Iterable[configurations_pb2.DataplaneVersions], version: int, offline: frozenset[str]
) -> Iterable[DataplaneOutcome]:
    for each in dataplanes:
        back = each.reverted
        taken_back = back.from_version >= version > back.to_version
        if taken_back or each.rejected_version >= version > each.applied_version:
            state, reason = State.REFUSED, each.rejected_reason
        elif each.applied_version >= version:
            state, reason = State.APPLIED, ""
        else:
            state, reason = State.OFFLINE if each.dataplane_id in offline else State.WAITING, ""
        yield DataplaneOutcome(each.dataplane_id, state, each.applied_version, each.running_version, reason)


def _offline(client: Client) -> frozenset[str]:
    """Data planes that nobody should wait for."""
    request = dataplanes_pb2.ListDataplanesRequest(workspace_id=client.workspace_id)
    gone = {
        dataplanes_pb2.DATAPLANE_CONNECTION_OFFLINE,
        dataplanes_pb2.DATAPLANE_CONNECTION_RETIRED,
        dataplanes_pb2.DATAPLANE_CONNECTION_REVOKED,
    }
    answer = client.whole(client.dataplanes.list_dataplanes, request)
    return frozenset(each.id for each in answer.dataplanes if each.connection in gone)
