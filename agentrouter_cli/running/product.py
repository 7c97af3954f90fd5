"""The whole product as one foreground run: start in order, keep alive, tell scripts, stop in reverse order."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from agentrouter_cli.errors import CliError
from agentrouter_cli.product import Product
from agentrouter_cli.run_file import Pids, RunFile, is_alive, remove_run_file, write_run_file
from agentrouter_cli.running import commands
from agentrouter_cli.running.bootstrapping import Bootstrapped, bootstrap_arguments
from agentrouter_cli.running.children import Child, ChildFailed, Command
from agentrouter_cli.running.demo_document import OpenAi, first_listener, first_model
from agentrouter_cli.running.envoy import end_envoy, kill_envoy
from agentrouter_cli.running.home import Home
from agentrouter_cli.running.instructions import Shown, instructions
from agentrouter_cli.running.ports import GATEWAY_PORT, HOST, HTTP_PORT, Ports, free_port
from agentrouter_cli.running.probes import answers, comes_up

if TYPE_CHECKING:
    from agentrouter_cli.running.provisioning import Document, Provisioning

T = TypeVar("T")

DEMO_PORT: Final = 12590
READY_WITHIN: Final = timedelta(seconds=60)
SERVES_WITHIN: Final = timedelta(seconds=30)

_LOOK_EVERY: Final = 0.25


class RunningProduct:
    """One run. `say` prints a line for the person; `clock` is monotonic seconds."""

    def __init__(
        self,
        home: Home,
        ports: Ports,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._home = home
        self._ports = ports
        self._environment = environment
        self._say = say
        self._clock = clock
        self._url = f"http://{HOST}:{ports.http}"
        self._children: dict[str, Child] = {}
        self._envoy_pid = 0
        self._bootstrapped: Bootstrapped | None = None
        self._provisioning: Provisioning | None = None
        self._written: RunFile | None = None

    async def run(self, stopped: asyncio.Event, hurried: asyncio.Event) -> None:
        """Start, then serve until `stopped`; `hurried` cuts the stopping short. Raises CliError, ChildFailed."""
        starting = asyncio.create_task(self._start())
        stop = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait({starting, stop}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                await starting
                await self._watch(stopped)
            else:
                starting.cancel()
                await asyncio.gather(starting, return_exceptions=True)
        finally:
            stop.cancel()
            await self._stop(hurried)

    async def _start(self) -> None:
        openai = OpenAi.of(self._environment)
        demo_port = self._home.memory().demo_port if openai else await self._start_demo()
        demo_url = "" if openai else f"http://{HOST}:{demo_port}"
        self._bootstrapped, self._provisioning = await self._start_controlplane()
        bootstrapped, provisioning = self._bootstrapped, self._provisioning
        await _in_thread(provisioning.revoke_left_over_keys, self._key_name(), bootstrapped.key_id)
        document = await _in_thread(provisioning.ensure_document, openai, demo_port, self._ports.first_listener_port)
        consumer_key = await _in_thread(provisioning.consumer_key)
        gateway = await self._start_agent(provisioning, document)
        if demo_url:
            await self._demo_comes_up(demo_url)
        serves = await comes_up(f"{gateway}/v1/models", consumer_key, SERVES_WITHIN, self._clock)
        self._written = self._run_file(gateway, consumer_key)
        write_run_file(self._home.folder, self._written)
        self._print(document, demo_url, openai, serves=serves)

    async def _start_controlplane(self) -> tuple[Bootstrapped, Provisioning]:
        """Start it; what speaks to it is loaded meanwhile."""
        self._say("starting the control plane")
        child = self._child(commands.controlplane_command(self._home, self._ports, self._environment))
        up = asyncio.create_task(child.start_and_hear(bootstrap_arguments(self._key_name()), READY_WITHIN))
        await asyncio.sleep(0)  # it is started by now
        from agentrouter_cli.client import Client
        from agentrouter_cli.running.provisioning import Provisioning

        bootstrapped = Bootstrapped.read(await up)
        child.keep()
        client = Client(Product(self._url, bootstrapped.management_key, bootstrapped.workspace_id))
        return bootstrapped, Provisioning(client, self._home, self._say)

    async def _start_demo(self) -> int:
        """Start the demo provider on the port of the run before; returns its port before it is up."""
        port = free_port(self._home.memory().demo_port or DEMO_PORT + self._ports.http - HTTP_PORT)
        await self._child(commands.demo_command(self._home, port, self._environment)).spawn()
        return port

    async def _demo_comes_up(self, url: str) -> None:
        child = self._children[commands.DEMO_PROVIDER]
        await child.comes_up(lambda: answers(f"{url}/health"), READY_WITHIN)
        child.keep()

    def _child(self, command: Command) -> Child:
        child = self._children[command.name] = Child(command, self._say, self._clock)
        return child

    async def _start_agent(self, provisioning: Provisioning, document: Document) -> str:
        """Start the agent, enrolled anew where it must be; returns the gateway's URL."""
        listener_port = first_listener(document.content) or GATEWAY_PORT
        gateway_port = self._ports.gateway_for(listener_port)
        join_token = await self._join_token(provisioning)
        self._say("starting the agent and Envoy")
        command = commands.agent_command(
            self._home, self._url, gateway_port - listener_port, join_token, self._environment
        )
        child = self._child(command)

        async def ready() -> bool:
            said = self._home.agent_file()
            return said.pid == child.pid and bool(said.dataplane_id) and is_alive(said.envoy_pid)

        await child.start(ready, READY_WITHIN)
        child.keep()
        said = self._home.agent_file()
        self._envoy_pid = said.envoy_pid
        return f"http://{HOST}:{gateway_port}"

    async def _join_token(self, provisioning: Provisioning) -> str:
        """Empty when the agent of the run before is still known; else its state is set aside and it enrols anew."""
        known_id = self._home.enrolled_id()
        known: bool = bool(known_id) and await _in_thread(provisioning.knows_dataplane, known_id)
        if known:
            return ""
        if self._home.agent_state.exists() and any(self._home.agent_state.iterdir()):
            await end_envoy(self._home, self._clock)
            aside = self._home.set_agent_state_aside()
            self._say(f"the product does not know this home's data plane; it enrols anew (old state: {aside})")
        return await _in_thread(provisioning.join_token)

    async def _watch(self, stopped: asyncio.Event) -> None:
        """Keep run.json true until told to stop."""
        while not stopped.is_set():
            self._refresh_run_file()
            try:
                async with asyncio.timeout(_LOOK_EVERY):
                    await stopped.wait()
            except TimeoutError:
                continue

    def _refresh_run_file(self) -> None:
        if self._written is None:
            return
        said = self._home.agent_file()
        if said.envoy_pid and said.envoy_pid != self._envoy_pid and is_alive(said.envoy_pid):
            self._say(f"Envoy is started again, pid {said.envoy_pid}")
            self._envoy_pid = said.envoy_pid
        now = replace(self._written, pids=self._pids())
        if now == self._written:
            return
        self._written = now
        try:
            write_run_file(self._home.folder, now)
        except OSError as problem:
            self._say(f"{self._home.folder / 'run.json'} cannot be brought up to date: {problem.strerror}")

    async def _stop(self, hurried: asyncio.Event) -> None:
        """Agent (which drains Envoy), the run's key, control plane, demo provider."""
        peaceful = asyncio.create_task(self._stop_in_order())
        hurry = asyncio.create_task(hurried.wait())
        await asyncio.wait({peaceful, hurry}, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not peaceful.done():
            self._say("stopping at once")
            for child in self._children.values():
                child.kill()
            kill_envoy(self._home)
        await asyncio.gather(peaceful, return_exceptions=True)
        remove_run_file(self._home.folder)

    async def _stop_in_order(self) -> None:
        if self._children:
            self._say("stopping")
        for each in self._children.values():
            await each.let_go()
        if agent := self._children.get(commands.AGENT):
            await agent.stop()
            await end_envoy(self._home, self._clock)
        await self._revoke_own_key()
        for name in (commands.CONTROLPLANE, commands.DEMO_PROVIDER):
            if child := self._children.get(name):
                await child.stop()

    async def _revoke_own_key(self) -> None:
        """A control plane that is down is started once more for it."""
        if self._bootstrapped is None or self._provisioning is None:
            return
        controlplane = self._children[commands.CONTROLPLANE]
        try:
            if not controlplane.alive:
                await controlplane.start(lambda: answers(f"{self._url}/ready"), READY_WITHIN)
            await _in_thread(self._provisioning.revoke_key, self._bootstrapped.key_id)
        except (CliError, ChildFailed) as problem:
            self._say(f"the run's management key could not be revoked, the next run does it: {problem}")

    def _run_file(self, gateway: str, consumer_key: str) -> RunFile:
        if self._bootstrapped is None:
            raise RuntimeError("a run file is written after the bootstrap")
        return RunFile(
            http=self._url,
            grpc=f"{HOST}:{self._ports.grpc}",
            gateway=gateway,
            workspace_id=self._bootstrapped.workspace_id,
            dataplane_id=self._home.enrolled_id(),
            management_key=self._bootstrapped.management_key,
            consumer_key=consumer_key,
            pid=os.getpid(),
            pids=self._pids(),
        )

    def _pids(self) -> Pids:
        """The newest ones: that of a child that is down stays until it is started again."""
        return Pids(
            controlplane=self._children[commands.CONTROLPLANE].pid,
            agent=self._children[commands.AGENT].pid,
            envoy=self._envoy_pid,
        )

    def _print(self, document: Document, demo_url: str, openai: OpenAi | None, *, serves: bool) -> None:
        if self._written is None:
            return
        listener_port = first_listener(document.content) or GATEWAY_PORT
        notes = []
        if openai and not document.is_ours:
            notes.append("OPENAI_API_KEY is set, but the stored document is yours and was left as it is")
        if not serves:
            notes.append("the gateway does not serve yet; see `agentrouter get configurations` and logs/agent.log")
        shown = Shown(
            run=self._written,
            home=self._home.folder,
            binaries=commands.binaries_folder(self._environment),
            model=first_model(document.content) or "demo",
            port_offset=self._ports.gateway_for(listener_port) - listener_port,
            demo_url=demo_url,
            upstream=openai.base_url if openai else f"{demo_url} (demo provider; set OPENAI_API_KEY for the real one)",
            notes=tuple(notes),
        )
        self._say(f"\n{instructions(shown)}")
        self._say("ready. Ctrl-C stops everything.")

    def _key_name(self) -> str:
        return f"agentrouter run {socket.gethostname()}:{self._home.folder}"[:200]


async def _in_thread(function: Callable[..., T], *arguments: Any) -> T:
    return await asyncio.to_thread(function, *arguments)
