"""What `run` prints when the product is ready: what runs where, and commands to paste. Pure."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from agentrouter_cli.run_file import RunFile


@dataclass(frozen=True, slots=True)
class Shown:
    """What the text is made of. `binaries` is the folder of the commands, None when they are on PATH."""

    run: RunFile
    home: Path
    binaries: Path | None
    model: str
    port_offset: int
    demo_url: str
    upstream: str
    notes: tuple[str, ...] = field(default=())

    def command(self, name: str) -> str:
        """How to call one of the product's commands from any shell."""
        program = shlex.quote(str(self.binaries / name)) if self.binaries else name
        return f"AGENTROUTER_HOME={shlex.quote(str(self.home))} {program}"


def instructions(shown: Shown) -> str:
    """The whole text."""
    parts = [_where(shown), _chat(shown), _trigger(shown), _sdk(shown), _more(shown)]
    if shown.demo_url:
        parts.append(_failover(shown))
    return "\n".join(parts)


def _where(shown: Shown) -> str:
    run = shown.run
    lines = [
        "AgentRouter is running:",
        f"  gateway          {run.gateway}/v1   (OpenAI-compatible; data plane {run.dataplane_id})",
        f"  control plane    {run.http}      (Connect, gRPC-Web, /health, /ready, /metrics)",
        f"                   {run.grpc}             (gRPC, with reflection)",
        f"  provider         {shown.upstream}",
        f"  state and logs   {shown.home}",
        f"  workspace        {run.workspace_id}",
        "",
        f"  consumer key     {run.consumer_key}",
        f"  management key   in {shown.home / 'run.json'}, good until this run ends",
    ]
    return "\n".join([*lines, *(f"  note: {note}" for note in shown.notes), ""])


def _chat(shown: Shown) -> str:
    return "\n".join(
        [
            "A chat completion, whole and streamed:",
            "",
            _curl_chat(shown, stream=False),
            "",
            _curl_chat(shown, stream=True),
            "",
        ]
    )


def _curl_chat(shown: Shown, *, stream: bool) -> str:
    body: dict[str, object] = {"model": shown.model, "messages": [{"role": "user", "content": "Hello!"}]}
    if stream:
        body["stream"] = True
    return (
        f"  curl -sS{'N' if stream else ''} {shown.run.gateway}/v1/chat/completions \\\n"
        f"    -H 'Authorization: Bearer {shown.run.consumer_key}' \\\n"
        f"    -H 'Content-Type: application/json' \\\n"
        f"    -d {shlex.quote(json.dumps(body))}"
    )


def _trigger(shown: Shown) -> str:
    run = shown.run
    method = "agentrouter.configurator.v1.ConfiguratorService/TriggerUpdate"
    body = shlex.quote(json.dumps({"workspaceId": run.workspace_id, "reason": "by hand", "force": True}))
    authorization = f"-H 'Authorization: Bearer {run.management_key}'"
    buf = shlex.quote(str(shown.binaries / "buf")) if shown.binaries else "buf"
    return "\n".join(
        [
            "TriggerUpdate by curl (Connect), by grpcurl, and the same by buf curl:",
            "",
            f"  curl -sS {run.http}/{method} \\",
            f"    {authorization} -H 'Content-Type: application/json' \\",
            f"    -d {body}",
            "",
            f"  grpcurl -plaintext {authorization} \\",
            f"    -d {body} \\",
            f"    {run.grpc} {method}",
            "",
            f"  {buf} curl --protocol grpc --http2-prior-knowledge {authorization} \\",
            f"    -d {body} \\",
            f"    http://{run.grpc}/{method}",
            "",
        ]
    )


def _sdk(shown: Shown) -> str:
    python = shlex.quote(str(shown.binaries / "python")) if shown.binaries else "python3"
    return "\n".join(
        [
            "The official openai SDK:",
            "",
            f"  {python} - <<'EOF'",
            "from openai import OpenAI",
            f'client = OpenAI(base_url="{shown.run.gateway}/v1", api_key="{shown.run.consumer_key}")',
            f'answer = client.chat.completions.create(model="{shown.model}", '
            'messages=[{"role": "user", "content": "Hello!"}])',
            "print(answer.choices[0].message.content)",
            "EOF",
            "",
        ]
    )


def _more(shown: Shown) -> str:
    agentrouter = shown.command("agentrouter")
    agent = shlex.quote(str(shown.binaries / "liaison-agent")) if shown.binaries else "liaison-agent"
    second = shlex.quote(str(shown.home / "agent-2"))
    second_gateway = int(shown.run.gateway.rpartition(":")[2]) + 1000
    return "\n".join(
        [
            "What runs where, with the proof; change it; watch it:",
            "",
            f"  {agentrouter} get configurations",
            f"  {agentrouter} get document > workspace.yaml   # edit it, then",
            f"  {agentrouter} apply -f workspace.yaml",
            f"  {agentrouter} events --all --watch",
            "",
            f"A second data plane on this machine, its gateway on port {second_gateway}:",
            "",
            f"  {agent} --control-plane {shown.run.http} \\",
            f'    --join-token "$({agentrouter} dataplanes join-token --raw)" \\',
            f"    --state {second} --port-offset {shown.port_offset + 1000}",
            "",
        ]
    )


def _failover(shown: Shown) -> str:
    behaviour = f"{shown.demo_url}/admin/behaviours/alpha"
    return "\n".join(
        [
            "Failover, seen: let upstream alpha fail, ask again (beta answers), and mend it:",
            "",
            f"  curl -sS -X PUT {behaviour} -d '{json.dumps({'fail': '503'})}'",
            f"  curl -sS -X DELETE {behaviour}",
            "",
        ]
    )
