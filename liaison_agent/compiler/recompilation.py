"""A compiler with a memory: the same results as compiling from scratch, at the cost of what changed since last time."""

from __future__ import annotations

from collections.abc import Mapping

from liaison_agent.compiler.compilation import Compiled, compile_consumer, compile_gateway
from liaison_agent.compiler.options import GatewayOptions
from liaison_agent.compiler.packing import Packer
from liaison_agent.state import WORKSPACE_USER_ID, Configuration, Desired

# From here on, going through everybody once is cheaper than building a new set of resources for each of them.
_FEW = 50


class Recompiler:
    """Call it with what is desired. Not for concurrent use."""

    def __init__(self, packer: Packer, options: GatewayOptions, port_offset: int = 0) -> None:
        self._packer = packer
        self._options = options
        self._port_offset = port_offset
        self._last: tuple[Desired, Compiled] | None = None

    def __call__(self, desired: Desired) -> Compiled:
        """The gateway's resources. Raises `PackError` when the workspace document cannot be read; the memory stays."""
        compiled = self._compile(desired)
        self._last = desired, compiled
        return compiled

    def _compile(self, desired: Desired) -> Compiled:
        before, previous = self._last or (None, None)
        if before is not None and previous is not None and _same_but_for_consumers(before, desired):
            users = _changed_users(before.configurations, desired.configurations)
            if len(users) <= _FEW:
                for user in users:
                    previous = compile_consumer(previous, desired, user, packer=self._packer)
                return previous
        return compile_gateway(
            desired, packer=self._packer, port_offset=self._port_offset, options=self._options, previous=previous
        )


def _same_but_for_consumers(before: Desired, now: Desired) -> bool:
    return (
        before.workspace_id == now.workspace_id
        and before.workspace == now.workspace
        and before.jwks == now.jwks
        and before.secrets == now.secrets
    )


def _changed_users(before: Mapping[str, Configuration], now: Mapping[str, Configuration]) -> list[str]:
    if before is now:
        return []
    changed = [user for user, one in now.items() if one is not before.get(user) and one != before.get(user)]
    gone = [user for user in before if user not in now]
    return [user for user in (*changed, *gone) if user != WORKSPACE_USER_ID]
