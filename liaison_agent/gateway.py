"""The gateway that the agent applies to: one Envoy, fed over ADS, supervised, and read back before anything is claimed.

Theory of operation. `_running` is the set that Envoy was last seen to accept. One lock serialises start, apply and the
repair that follows every connect: a restarted Envoy gets `_running`, a returning one what differs. A call that fails or
is cancelled leaves `_running` as it was, so the next repair leads Envoy back to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from google.protobuf.descriptor_pool import DescriptorPool

from liaison_agent.envoy.admin import AdminClient, AdminUnavailable
from liaison_agent.envoy.options import EnvoyOptions
from liaison_agent.envoy.packing import DescriptorPacker
from liaison_agent.envoy.port_holders import explain_bind_failure
from liaison_agent.envoy.readback import ReadBack
from liaison_agent.envoy.supervisor import Supervisor
from liaison_agent.ports import ApplyOutcome, GatewayUnavailable, Refused, StartRefused
from liaison_agent.state import ResourceKey, ResourceSet
from liaison_agent.xds.deliveries import Delivery
from liaison_agent.xds.proofs import Proofs
from liaison_agent.xds.retirements import Retirements
from liaison_agent.xds.server import AdsServer
from liaison_agent.xds.streams import Stream, StreamLost

_CONNECTS_WITHIN = timedelta(seconds=15)
_ANSWERS_WITHIN = timedelta(seconds=30)
_TRIES = 2
_REPAIR_PAUSE = 3.0

log = logging.getLogger(__name__)


class EnvoyGateway:
    """Implements `ports.Gateway`. `clock` is monotonic seconds, `now` the aware time; `on_pid` hears of each Envoy;
    `warms_within` is how long a new cluster or listener may wait for what it refers to."""

    def __init__(
        self,
        options: EnvoyOptions,
        pool: DescriptorPool,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        on_pid: Callable[[int | None], None] = lambda pid: None,
        warms_within: timedelta = timedelta(seconds=10),
    ) -> None:
        admin = AdminClient(options.admin_socket)
        self._now = now
        self._admin = admin
        self._read_back = ReadBack(admin, DescriptorPacker(pool), warms_within)
        self._server = AdsServer(options.ads_socket, pool)
        self._server.on_connect = self._ask_for_repair
        self._supervisor = Supervisor(options, admin, clock=clock, on_pid=on_pid)
        self._proofs = Proofs()
        self._retirements = Retirements(options.listener_drain, clock)
        self._lock = asyncio.Lock()
        self._running = ResourceSet()
        self._version: tuple[int | None, str] | None = None
        self._repair_wanted = asyncio.Event()
        self._repair: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Envoy's process id; None while there is none."""
        process = self._supervisor.process
        return None if process is None else process.pid

    def _ask_for_repair(self) -> None:
        self._repair_wanted.set()

    def running(self) -> ResourceSet:
        """See `Gateway.running`."""
        return self._running

    async def start(self, initial: ResourceSet) -> None:
        """See `Gateway.start`."""
        async with self._lock:
            self._supervisor.prepare()
            try:
                self._running = self._server.offered = initial
                await self._server.start()
                await self._supervisor.start()
                delivery = await self._deliver(initial)
            except BaseException:
                await self._supervisor.give_up()
                await self._server.stop()
                raise
        self._repair = asyncio.create_task(self._keep_level())
        if delivery.refused:
            raise StartRefused(_sorted(delivery.refused))

    async def apply(self, wanted: ResourceSet) -> ApplyOutcome:
        """See `Gateway.apply`."""
        async with self._lock:
            done = False
            try:
                delivery = await self._deliver(wanted)
                version = await self._version_of_envoy()
                self._running = delivery.running
                done = not delivery.unserved and not delivery.retired
            except AdminUnavailable as error:
                raise GatewayUnavailable(f"{error}; what ran before stays") from None
            finally:
                self._server.offered = self._running
                if not done:
                    self._repair_wanted.set()
            return ApplyOutcome(version, self._proofs.all(), _sorted(delivery.refused), self._now())

    async def stop(self, *, drain: timedelta) -> None:
        """See `Gateway.stop`."""
        await self._end_repair()
        async with self._lock:
            await self._supervisor.stop(drain)
            await self._server.stop()

    async def leave(self) -> None:
        """Go away and let Envoy serve on: the next agent adopts it."""
        await self._end_repair()
        async with self._lock:
            await self._supervisor.leave()
            await self._server.stop()

    async def _version_of_envoy(self) -> str:
        pid = self.pid
        if self._version is None or self._version[0] != pid:
            self._version = pid, str((await self._admin.server_info()).get("version", ""))
        return self._version[1]

    async def _deliver(self, wanted: ResourceSet) -> Delivery:
        """Deliver and prove, once more if Envoy goes away on the way."""
        self._server.offered = wanted
        for left in reversed(range(_TRIES)):
            stream = await self._server.connected(_CONNECTS_WITHIN)
            delivery = self._delivery(stream, wanted)
            try:
                await delivery.run()
                return delivery
            except (StreamLost, AdminUnavailable):
                log.warning("Envoy went away while it took a configuration, %d more tries", left)
                stream.lose()
        raise GatewayUnavailable("Envoy went away while it took the configuration, repeatedly; what ran before stays")

    def _delivery(self, stream: Stream, wanted: ResourceSet) -> Delivery:
        return Delivery(
            stream,
            self._read_back,
            self._proofs,
            self._retirements,
            fallback=self._running,
            wanted=wanted,
            answer_within=_ANSWERS_WITHIN,
        )

    async def _keep_level(self) -> None:
        """Lead Envoy to `_running` when asked to, when something retired may go, and while it does not take it all."""
        unserved = False
        while True:
            pause = _REPAIR_PAUSE if unserved else self._next_retirement_in()
            with contextlib.suppress(TimeoutError):  # not wait_for: in Python 3.11 it may lose a cancellation
                async with asyncio.timeout(pause):
                    await self._repair_wanted.wait()
            self._repair_wanted.clear()
            async with self._lock:
                stream = self._server.stream
                if stream is None:
                    continue
                delivery = self._delivery(stream, self._running)
                was_served, unserved = not unserved, True
                try:
                    await delivery.run()
                    unserved = bool(delivery.unserved)
                except (StreamLost, AdminUnavailable, GatewayUnavailable) as error:
                    log.warning("Envoy could not be led to what should run: %s %s", type(error).__name__, error)
                except Exception:  # this loop is what repairs: it must not end by a fault of its own
                    log.exception("Envoy could not be led to what should run")
            if was_served:
                for refused in _sorted(delivery.refused):
                    log.error("Envoy does not serve %s: %s", refused.name, refused.reason)

    def _next_retirement_in(self) -> float | None:
        """Seconds; None when none waits, or nobody is connected: a connect asks for a repair by itself."""
        return None if self._server.stream is None else self._retirements.next_due_in()

    async def _end_repair(self) -> None:
        if self._repair is not None:
            self._repair.cancel()
            await asyncio.wait({self._repair})
            self._repair = None


def _sorted(refused: Mapping[ResourceKey, Refused]) -> tuple[Refused, ...]:
    return tuple(replace(one, reason=explain_bind_failure(one.reason)) for _, one in sorted(refused.items()))
