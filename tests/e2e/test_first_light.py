"""The promises of the first release, kept by the real product: one run, changed and hurt by each test, then healed."""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from agentrouter_cli.run_file import is_alive
from tests.e2e.hardships import KeptDead, Load, bindable_port
from tests.e2e.whole_product import LIAISON_AGENT, WholeProduct, http, running

if TYPE_CHECKING:
    import openai

MESSAGES: Any = [{"role": "user", "content": "good morning"}]
TRIGGER = "agentrouter.configurator.v1.ConfiguratorService/TriggerUpdate"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeProduct]:
    with running(tmp_path_factory.mktemp("first-light") / "home") as started:
        yield started


@pytest.fixture
def document(product: WholeProduct) -> Iterator[dict[str, Any]]:
    """The demo's document, put back after the test."""
    before = product.document()
    yield copy.deepcopy(before)
    product.here("apply", "-f", "-", stdin=json.dumps(before))


@pytest.fixture
def sdk(product: WholeProduct) -> Iterator[openai.OpenAI]:
    import openai  # takes a second, which every test process would spend to collect the tests

    run = product.run_file
    with openai.OpenAI(base_url=f"{run['gateway']}/v1", api_key=run["consumer_key"], max_retries=0) as client:
        yield client


def demo_url(document: dict[str, Any]) -> str:
    """Where the demo provider is."""
    base_url: str = document["providers"]["models"][0]["backend_refs"][0]["base_url"]
    return base_url.rpartition("/alpha/")[0]


def test_the_openai_sdk_gets_an_answer_streamed_and_whole(sdk: openai.OpenAI) -> None:
    whole = sdk.chat.completions.create(model="demo", messages=MESSAGES)
    stream = sdk.chat.completions.create(
        model="demo", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "'alpha'" in text
    assert "'demo-large'" in text
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage


def test_the_models_are_those_of_the_document(sdk: openai.OpenAI) -> None:
    assert sorted(model.id for model in sdk.models.list()) == ["demo", "demo-beta"]


def test_an_unknown_model_is_a_404_in_openais_shape(sdk: openai.OpenAI) -> None:
    import openai

    with pytest.raises(openai.NotFoundError) as refused:
        sdk.chat.completions.create(model="unheard-of", messages=MESSAGES)

    assert refused.value.code == "model_not_found"


def test_a_missing_key_is_a_401_in_openais_shape(product: WholeProduct) -> None:
    answer = product.chat(key="")

    assert (answer.status, set(answer.json["error"])) == (401, {"message", "type", "param", "code"})


def test_another_workspaces_key_is_refused(product: WholeProduct) -> None:
    run = product.run_file
    made = http(
        "POST",
        f"{run['http']}/agentrouter.management.v1.WorkspaceService/CreateWorkspace",
        {"name": "other"},
        {"Authorization": f"Bearer {run['management_key']}", "Content-Type": "application/json"},
    ).json["workspace"]
    foreign = product.data("keys", "consumer", "issue", "demo", "--workspace", made["id"])["secret"]

    answer = product.chat(key=foreign)

    assert (answer.status, answer.json["error"]["code"]) == (401, "invalid_api_key")


def test_a_new_consumer_is_served_at_once_and_a_bad_key_is_not(product: WholeProduct) -> None:
    key = product.data("keys", "consumer", "issue", "alice")["secret"]
    product.wait_until(lambda: product.chat(key=key).status == 200, "alice is served")

    assert product.chat(key=key[:-8] + "AAAAAAAA").status == 401
    assert "alice" in product.data("get", "users")["user_ids"]


def test_a_second_upstream_answers_when_the_first_fails(product: WholeProduct, document: dict[str, Any]) -> None:
    alpha = f"{demo_url(document)}/admin/behaviours/alpha"
    http("PUT", alpha, {"fail": "503"})
    answer = product.chat()
    http("DELETE", alpha)

    assert (answer.status, "'beta'" in answer.content) == (200, True)


def test_the_printed_commands_work(product: WholeProduct) -> None:
    """All but grpcurl, which no package index has; buf makes the same call."""
    text = product.said.replace("\\\n", " ")
    commands = [line.strip() for line in text.splitlines() if re.match(r"  (curl|\S*buf curl) ", line)]
    commands = [command for command in commands if "/admin/" not in command]
    script = re.search(r"^  \S*python\S* - <<'EOF'\n.*?^EOF$", product.said, re.DOTALL | re.MULTILINE)
    assert script is not None

    answers = [_shell(command, product) for command in [*commands, script[0].strip()]]

    assert len(answers) == 5
    assert "'demo-large'" in json.loads(answers[0])["choices"][0]["message"]["content"]
    assert answers[1].rstrip().endswith("data: [DONE]")
    assert [json.loads(answer)["changed"] for answer in answers[2:4]] == [True, True]
    assert "'demo-large'" in answers[4]


def test_a_change_is_served_once_apply_returns_and_no_request_fails_under_load(
    product: WholeProduct, document: dict[str, Any]
) -> None:
    load, run = Load(product, "demo-beta"), product.run_file
    before, demo = product.versions(), demo_url(document)
    models = document["providers"]["models"]
    models[0] |= {"name": "changed-alias", "provider_model_id": "changed-model"}
    models[0]["backend_refs"] = [{"base_url": f"{demo}/gamma/v1"}]
    models[1]["backend_refs"] = [{"base_url": f"{demo}/delta/v1"}]
    document["routing"]["modelCards"][0]["name"] = "changed-alias"
    document["providers"]["defaults"]["default_model"] = "changed-alias"

    with load:
        product.apply(document)
        changed, old = product.chat("changed-alias"), product.chat("demo")
        load.wait_for("'delta'")

    newest = before["version"] + 1
    product.wait_until(lambda: product.versions()["running_version"] == newest, "the data plane reports what runs")
    after = product.versions()
    assert load.failures == []
    assert "'gamma'" in changed.content
    assert "'changed-model'" in changed.content
    assert (changed.status, old.status) == (200, 404)
    assert product.run_file == run
    assert (after["desired_version"], after["applied_version"]) == (newest, newest)
    assert after["proof"]["resources"]
    assert after["proof"]["envoy_version"]


def test_what_get_document_prints_apply_takes_back_unchanged(product: WholeProduct) -> None:
    before = product.versions()["version"]

    outcome = json.loads(
        product.cli("apply", "-f", "-", "-o", "json", stdin=product.cli("get", "document").stdout).stdout
    )

    assert (outcome["documents"][0]["changed"], outcome["documents"][0]["version"]) == (False, before)


def test_a_document_with_faults_is_refused_with_every_path_and_nothing_is_stored(
    product: WholeProduct, document: dict[str, Any]
) -> None:
    before, version = product.document(), product.versions()["version"]
    document["listeners"][0]["port"] = 99_999
    document["providers"]["models"][1]["name"] = "demo"
    document["providers"]["models"][0]["backend_refs"][1]["base_url"] = "ftp://nowhere"

    refused = product.apply(document, expect=1)

    for path in (
        "listeners[0].port",
        "providers.models[0].backend_refs[1].base_url",
        "providers.models[1].name",
    ):
        assert path in refused.stderr
    assert (product.document(), product.versions()["version"]) == (before, version)


@pytest.mark.parametrize("shares", [False, True], ids=["holds", "shares"])
def test_a_listener_on_a_taken_port_is_refused_by_envoy_while_the_old_version_serves_on(
    product: WholeProduct, document: dict[str, Any], shares: bool
) -> None:
    before = product.versions()["applied_version"]
    offset = product.ports[2] - document["listeners"][0]["port"]
    with socket.socket() as held:
        if shares:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", bindable_port(offset)))
        held.listen()
        port = held.getsockname()[1]
        document["listeners"].append({"name": "second", "address": "127.0.0.1", "port": port - offset})

        refused = product.apply(document, expect=1)
        envoy = product.pid("envoy")
        os.kill(envoy, signal.SIGKILL)
        product.wait_until(lambda: product.pid("envoy") != envoy, "Envoy is started again")
        product.wait_until(lambda: product.chat().status == 200, "the old version serves after Envoy's restart")
    product.wait_until(lambda: product.versions()["running_version"] == before, "the data plane reports what runs")

    now = product.versions()
    events = product.data("events", "--all", "--slot", "config/")["events"]
    assert "second" in refused.stderr
    assert str(port) in refused.stderr
    assert (now["applied_version"], now["running_version"]) == (before, before)
    assert (now["rejected_version"], str(port) in now["rejected_reason"]) == (now["version"], True)
    failed = next(event for event in events if event["configuration_version"] == now["version"])
    assert (failed["status"], str(port) in failed["error"]) == ("EVENT_STATUS_FAILED", True)


def test_traffic_outlives_the_control_plane_and_comes_back_from_the_ledger(
    product: WholeProduct, document: dict[str, Any]
) -> None:
    document["providers"]["models"][0]["provider_model_id"] = "from-the-ledger"
    product.apply(document)
    newest = product.versions()["version"]

    with KeptDead(product, "controlplane"):
        alone = product.chat()
        agent, envoy = product.pid("agent"), product.pid("envoy")
        os.kill(agent, signal.SIGKILL)
        os.kill(envoy, signal.SIGKILL)
        product.wait_until(
            lambda: product.pid("agent") != agent and product.pid("envoy") != envoy, "agent and Envoy are back"
        )
        product.wait_until(lambda: product.chat().status == 200, "traffic is back with the control plane gone")
        restored = product.chat()
        dead = http("GET", f"{product.run_file['http']}/ready").status
    product.wait_until(
        lambda: http("GET", f"{product.run_file['http']}/ready").status == 200, "the control plane is back"
    )

    assert (alone.status, dead) == (200, 0)
    assert "'from-the-ledger'" in restored.content
    assert "agent was killed by SIGKILL; starting it again in" in product.said
    assert _statuses(product, newest) == [("EVENT_STATUS_APPLIED", 1)]


def test_a_change_made_while_the_agent_is_away_is_applied_once_when_it_is_back(
    product: WholeProduct, document: dict[str, Any]
) -> None:
    document["providers"]["models"][0]["provider_model_id"] = "while-you-were-away"
    agent, envoy = product.pid("agent"), product.pid("envoy")
    os.kill(agent, signal.SIGKILL)
    product.wait_until(lambda: not is_alive(agent), "the agent is gone")
    alone = product.chat()

    product.cli("apply", "-f", "-", "--no-wait", stdin=json.dumps(document))
    newest = product.versions()["version"]
    product.wait_until(lambda: product.versions()["applied_version"] == newest, "the agent is back and applied it")

    assert _statuses(product, newest) == [("EVENT_STATUS_APPLIED", 1)]
    assert "'while-you-were-away'" in product.chat().content
    assert (alone.status, product.pid("envoy")) == (200, envoy)


def test_a_second_data_plane_enrols_and_gets_everything(product: WholeProduct, tmp_path: Path, free_port: int) -> None:
    token = product.cli("dataplanes", "join-token", "--raw").stdout.strip()
    offset = free_port - product.document()["listeners"][0]["port"]
    options = ["--control-plane", product.run_file["http"], "--state", str(tmp_path / "second")]
    with (tmp_path / "out").open("wb") as output:
        second = subprocess.Popen(
            [*LIAISON_AGENT, *options, "--port-offset", str(offset)],
            env={**product.environment, "AGENTROUTER_JOIN_TOKEN": token},
            stdout=output,
            stderr=output,
        )
    try:
        gateway = f"http://127.0.0.1:{free_port}"
        product.wait_until(lambda: product.chat(gateway=gateway).status == 200, "the second data plane serves")
        product.wait_until(lambda: _both_applied(product), "both data planes are known to have the newest version")
    finally:
        second.terminate()
        second.wait(timeout=60)
    mine = json.loads((tmp_path / "second" / "agent.json").read_text())["dataplane_id"]
    product.cli("dataplanes", "revoke", mine, "--reason", "the test is over")


def _shell(command: str, product: WholeProduct) -> str:
    done = subprocess.run(
        ["bash", "-c", command], env=product.environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def _both_applied(product: WholeProduct) -> bool:
    dataplanes = product.data("get", "configurations", "--user", "")["configurations"][0]["dataplanes"]
    return [each["applied_version"] == each["desired_version"] for each in dataplanes] == [True, True]


def _statuses(product: WholeProduct, version: int) -> list[tuple[str, int]]:
    """Status and attempt of every event of that version of the workspace's configuration."""
    events = product.data("events", "--all", "--slot", "config/")["events"]
    return [(each["status"], each["attempt"]) for each in events if each["configuration_version"] == version]
