"""Example documents and the whole of what Envoy gets for them; the scripts by name only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.egress import EgressPolicy
from liaison_agent.compiler.compilation import Compiled, compile_gateway
from liaison_agent.compiler.options import GatewayOptions
from liaison_agent.compiler.scripts import script, shared_machine
from tests.fakes.compiling import configuration, desired, real_packer
from tests.golden_files import Golden

FOLDER = Path(__file__).parent / "gateways"
SOURCES = sorted(one for one in FOLDER.glob("*.yaml") if not one.name.endswith(".golden.yaml"))
SCRIPTS = {script(name): f"(lua/{name}.lua)" for name in ("front_door", "rewrite")}
MACHINES = {shared_machine(name): f"(lua/{name}.lua)" for name in ("front_door", "rewrite")}
OPTIONS = GatewayOptions(access_log="/var/log/agentrouter/access.log", egress=EgressPolicy(allow_private=True))
ADDRESSES = {"api.example.com": ("198.51.100.7", "198.51.100.8")}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.stem))
def test_a_gateway_compiles_to_what_it_did(source: Path, golden: Golden) -> None:
    case = yaml.safe_load(source.read_text())
    documents = [configuration(one.get("consumer_id", ""), one) for one in case["documents"]]
    wanted = desired(*documents, secrets=case.get("secrets"), jwks=json.dumps(case.get("jwks", {})).encode())

    offset = case.get("port_offset", 0)
    compiled = compile_gateway(wanted, packer=real_packer(), options=OPTIONS, port_offset=offset, addresses=ADDRESSES)

    golden.check(_golden_of(source), "\n".join(_readable(compiled)))


def test_every_golden_file_has_its_source(golden: Golden) -> None:
    assert len(SOURCES) >= 3
    golden.check_complete(FOLDER.glob("*.golden.yaml"), [_golden_of(source) for source in SOURCES])


def _golden_of(source: Path) -> Path:
    return source.with_suffix(".golden.yaml")


def _readable(compiled: Compiled) -> Iterator[str]:
    for one in compiled.left_out:
        yield f"# left out: {one}"
    for key in sorted(compiled.resources):
        resource = compiled.resources[key]
        message = resource.type_url.rpartition("/")[2]
        shown = {"slot": resource.slot, message: _shortened(real_packer().unpack(message, resource.body))}
        yield "---\n" + yaml.safe_dump(shown, allow_unicode=True, width=118)


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shortened(inner) for inner in value]
    if isinstance(value, str):
        return SCRIPTS.get(value, MACHINES.get(value, value))
    return value
