"""The agent as a process, with a real Envoy: enrolment, changes, refusals, deaths."""

from __future__ import annotations

import socket
import stat
from collections.abc import Callable

import pytest

from liaison_agent.control.identity import load_identity
from tests.fakes.control_plane import DATAPLANE, WORKSPACE
from tests.fakes.control_plane_server import Served
from tests.fakes.scripted_upstream import ScriptedUpstream
from tests.integration.agent.conftest import document
from tests.integration.agent.host import JOIN_TOKEN, Host


@pytest.mark.parametrize("protocol", ["connect", "grpc"])
async def test_an_agent_enrols_serves_and_proves_it(
    host: Host, served: Served, provider: ScriptedUpstream, free_port: int, protocol: str
) -> None:
    served.simulator.put("", document(provider, free_port), one="KEY-ONE")
    url = served.connect_url if protocol == "connect" else served.grpc_url

    await host.start(url, "--protocol", protocol, "--name", "host-1")
    envoy_pid = await host.until_serving()
    await host.until(served.simulator.idle.is_set)

    assert (await host.chat(free_port))[0] == 200
    assert dict(provider.received[-1].headers)["authorization"] == "Bearer KEY-ONE"
    [event] = served.simulator.events.values()
    assert (event.status, event.attempt) == ("APPLIED", 1)
    proof = event.completions[0].proof
    assert proof is not None
    assert f"listener/l{free_port}" in dict(proof.resources)
    assert host.status == {
        "pid": host.status["pid"],
        "envoy_pid": envoy_pid,
        "dataplane_id": DATAPLANE,
        "workspace_id": WORKSPACE,
        "status": "serving",
    }


async def test_the_identity_is_private_and_its_private_halves_never_leave(
    host: Host, served: Served, provider: ScriptedUpstream, free_port: int
) -> None:
    served.simulator.put("", document(provider, free_port), one="KEY-ONE")
    await host.start(served.connect_url)
    await host.until_serving()

    identity = load_identity(host.state)

    assert identity is not None
    assert stat.S_IMODE(host.state.stat().st_mode) == 0o700
    assert {stat.S_IMODE((host.state / name).stat().st_mode) for name in ("identity.json", "agent.json")} == {0o600}
    [enrolment] = served.simulator.enrolments
    assert enrolment.signing_public_key == identity.keys.public_signing
    sent = b"".join(request.SerializeToString() for request in served.requests)
    assert identity.keys.signing not in sent
    assert identity.keys.sealing not in sent
    assert not any(secret in host.log() for secret in ("KEY-ONE", JOIN_TOKEN, served.tokens[-1]))


async def test_a_key_of_the_hosts_own_is_presented_and_stands_in_no_file_and_no_call(
    host: Host, served: Served, provider: ScriptedUpstream, free_port: int
) -> None:
    wanted = document(provider, free_port)
    [backend] = wanted["providers"]["models"][0]["backend_refs"]
    del backend["api_key"]
    backend["api_key_env"] = "PROVIDER_KEY"
    served.simulator.put("", wanted)
    place = f"PROVIDER_KEY=http://127.0.0.1:{provider.port}"

    await host.start(served.connect_url, "--key-variable", place, PROVIDER_KEY="KEY-OF-THE-HOST")
    await host.until_serving()
    await host.until(served.simulator.idle.is_set)

    assert (await host.chat(free_port))[0] == 200
    assert dict(provider.received[-1].headers)["authorization"] == "Bearer KEY-OF-THE-HOST"
    sent = b"".join(request.SerializeToString() for request in served.requests)
    kept = b"".join(file.read_bytes() for file in host.state.rglob("*") if file.is_file())
    assert b"KEY-OF-THE-HOST" not in sent + kept + host.log().encode()


async def test_a_change_is_served_without_a_restart(
    host: Host, served: Served, provider: ScriptedUpstream, free_port: int
) -> None:
    served.simulator.put("", document(provider, free_port), one="KEY-ONE")
    await host.start(served.connect_url)
    envoy_pid = await host.until_serving()
    await host.until(served.simulator.idle.is_set)

    served.simulator.put("", document(provider, free_port, model="faster"))
    await host.until(served.simulator.idle.is_set)

    assert (await host.chat(free_port, "faster"))[0] == 200
    assert (await host.chat(free_port, "fast"))[0] == 404
    assert host.status["envoy_pid"] == envoy_pid
    assert "applied config/ version 2" in host.log()


async def test_what_only_envoy_refuses_fails_with_its_reason_and_the_old_serves_on_after_a_crash_too(
    host: Host, served: Served, provider: ScriptedUpstream, free_ports: Callable[[int], list[int]]
) -> None:
    port, taken = free_ports(2)
    served.simulator.put("", document(provider, port), one="KEY-ONE")
    await host.start(served.connect_url)
    first_envoy = await host.until_serving()
    await host.until(served.simulator.idle.is_set)
    with socket.socket() as other:
        other.bind(("127.0.0.1", taken))
        other.listen()

        served.simulator.put("", document(provider, port, taken))
        await host.until(served.simulator.idle.is_set)
        event = list(served.simulator.events.values())[-1]
        assert event.status == "FAILED"
        assert event.completions[0].error.startswith(f"listener/l{taken}: ")
        assert "Address already in use" in event.completions[0].error
        assert (await host.chat(port))[0] == 200

        await host.kill_envoy()
        await host.until(lambda: host.status["envoy_pid"] not in (None, first_envoy))
        answered = 0
        while answered != 200:
            answered, _ = await host.chat(port)


async def test_envoy_serves_on_when_the_agent_is_killed_and_the_next_agent_adopts_it(
    host: Host, served: Served, provider: ScriptedUpstream, free_port: int
) -> None:
    served.simulator.put("", document(provider, free_port), one="KEY-ONE")
    await host.start(served.connect_url)
    envoy_pid = await host.until_serving()
    await host.until(served.simulator.idle.is_set)

    await host.kill_agent()
    meanwhile = await host.chat(free_port)
    served.simulator.put("", document(provider, free_port, model="faster"))
    await host.start(served.connect_url)

    assert await host.until_serving() == envoy_pid
    await host.until(served.simulator.idle.is_set)
    assert meanwhile[0] == 200
    assert (await host.chat(free_port, "faster"))[0] == 200
    assert [one.status for one in served.simulator.events.values()] == ["APPLIED", "APPLIED"]


async def test_agent_and_envoy_come_back_from_the_ledger_while_the_control_plane_is_away(
    host: Host, served: Served, provider: ScriptedUpstream, free_ports: Callable[[int], list[int]]
) -> None:
    port, nobody = free_ports(2)
    served.simulator.put("", document(provider, port), one="KEY-ONE")
    await host.start(served.connect_url)
    await host.until_serving()
    await host.until(served.simulator.idle.is_set)
    await host.kill_agent()
    await host.kill_envoy()

    await host.start(f"http://127.0.0.1:{nobody}")
    await host.until_serving()

    assert (await host.chat(port))[0] == 200
    assert dict(provider.received[-1].headers)["authorization"] == "Bearer KEY-ONE"


async def test_sigterm_ends_agent_and_envoy(
    host: Host, served: Served, provider: ScriptedUpstream, free_port: int
) -> None:
    served.simulator.put("", document(provider, free_port), one="KEY-ONE")
    await host.start(served.connect_url)
    await host.until_serving()

    assert await host.terminate() == 0

    assert (host.status["status"], host.status["envoy_pid"]) == ("stopped", None)
    assert (await host.chat(free_port))[0] == 0


async def test_an_envoy_that_was_never_adopted_is_ended_too(
    host: Host, served: Served, provider: ScriptedUpstream, free_ports: Callable[[int], list[int]]
) -> None:
    port, nobody = free_ports(2)
    served.simulator.put("", document(provider, port), one="KEY-ONE")
    await host.start(served.connect_url)
    await host.until_serving()
    await host.kill_agent()
    (host.state / "ledger" / "facts").write_bytes(b"lost")
    await host.start(f"http://127.0.0.1:{nobody}")
    await host.until(lambda: "the ledger is lost" in host.log())
    meanwhile, _ = await host.chat(port)

    assert await host.terminate() == 0

    assert meanwhile == 200
    assert (await host.chat(port))[0] == 0


async def test_a_port_offset_shifts_the_listeners(
    host: Host, served: Served, provider: ScriptedUpstream, free_ports: Callable[[int], list[int]]
) -> None:
    low, high = sorted(free_ports(2))
    served.simulator.put("", document(provider, low), one="KEY-ONE")
    await host.start(served.connect_url, "--port-offset", str(high - low))
    await host.until_serving()

    assert (await host.chat(high))[0] == 200
    assert (await host.chat(low))[0] == 0


async def test_a_second_agent_on_one_state_folder_is_refused(
    host: Host, served: Served, provider: ScriptedUpstream, free_port: int
) -> None:
    served.simulator.put("", document(provider, free_port), one="KEY-ONE")
    await host.start(served.connect_url)
    await host.until_serving()
    second = Host(host.state, host.client)

    await second.start(served.connect_url)

    assert await second.exit_code() == 2
    assert "another agent runs on the state folder" in host.log()
    assert (await host.chat(free_port))[0] == 200
