"""`agentrouter backends`: keys come from the environment or a file, and are shown nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentrouter.configurator.v1 import backends_pb2 as pb
from tests.fakes.product import FakeProduct
from tests.unit.agentrouter_cli.conftest import Call

KEY = "sk-own-canary-1234"
SUMMARY = pb.BackendSummary(name="mine", provider="openai", credential_kind="api_key", last_four="1234")


def _file(folder: Path, text: str) -> str:
    (folder / "backends.yaml").write_text(text)
    return str(folder / "backends.yaml")


def test_a_set_is_saved_with_its_key_from_the_environment(
    product: FakeProduct, cli: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    product.backends.append(SUMMARY)
    file = _file(
        tmp_path,
        "mode: PREFERRED\nbackends:\n- name: mine\n  provider: openai\n  models: [fast]\n  api_key_env: MY_KEY\n",
    )

    outcome = cli("backends", "save", "ada", "-f", file)

    (request,) = product.asked_for(pb.SaveBYOKBackendsRequest)
    (sent,) = request.backends
    assert (request.user_id, request.mode, sent.credential.api_key) == ("ada", pb.BACKEND_MODE_PREFERRED, KEY)
    assert (sent.name, sent.provider, list(sent.models), sent.weight) == ("mine", "openai", ["fast"], 1)
    assert outcome.exit_code == 0
    assert "…1234" in outcome.out
    assert KEY not in outcome.out + outcome.err


def test_a_key_may_come_from_a_file_and_may_be_left_out(product: FakeProduct, cli: Call, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    first = {"name": "a", "provider": "openai", "api_key_file": str(tmp_path / "key")}
    whole = {"mode": "EXCLUSIVE", "backends": [first, {"name": "b", "provider": "gemini"}]}

    assert cli("backends", "save", "ada", "-f", _file(tmp_path, json.dumps(whole))).exit_code == 0

    (request,) = product.asked_for(pb.SaveBYOKBackendsRequest)
    assert [each.credential.api_key for each in request.backends] == [KEY, ""]
    assert not request.backends[1].HasField("credential")


def test_every_fault_is_told_before_anything_is_sent(product: FakeProduct, cli: Call, tmp_path: Path) -> None:
    whole = {
        "mode": "SOMETIMES",
        "backends": [{"name": "a", "api_key": KEY, "api_key_env": "X"}, {"name": "a", "base_url": "ftp://x"}],
        "more": 1,
    }

    outcome = cli("backends", "save", "ada", "-f", _file(tmp_path, json.dumps(whole)))

    assert outcome.exit_code == 1
    for path in ("mode", "backends[0]", "backends[1].name", "backends[1].base_url", "more"):
        assert path in outcome.err
    assert KEY not in outcome.out + outcome.err
    assert not product.asked_for(pb.SaveBYOKBackendsRequest)


def test_every_kind_of_credential_is_read_from_where_the_file_says(
    product: FakeProduct, cli: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", KEY)
    (tmp_path / "account.json").write_text('{"type": "service_account"}\n')
    oauth = {"token_url": "https://idp.example/t", "client_id": "me", "client_secret_env": "SECRET", "scopes": "a b"}
    aws = {"access_key_id": "AKIA", "secret_access_key_env": "SECRET", "region": "us-east-1"}
    gcp = {"key_file": str(tmp_path / "account.json"), "scopes": ["s"]}
    backends = [
        {"name": kind, "base_url": "https://own.example", "models": ["m"], kind: given}
        for kind, given in (("oauth", oauth), ("aws", aws), ("gcp", gcp))
    ]
    whole = {"mode": "EXCLUSIVE", "backends": backends}

    outcome = cli("backends", "save", "ada", "-f", _file(tmp_path, json.dumps(whole)))

    (request,) = product.asked_for(pb.SaveBYOKBackendsRequest)
    client, keys, account = (one.credential for one in request.backends)
    assert (client.oauth.client_secret, list(client.oauth.scopes)) == (KEY, ["a", "b"])
    assert (keys.aws.access_key_id, keys.aws.secret_access_key, keys.aws.service) == ("AKIA", KEY, "")
    assert (account.gcp.key_file, list(account.gcp.scopes)) == ('{"type": "service_account"}', ["s"])
    assert KEY not in outcome.out + outcome.err


def test_a_field_that_a_credential_does_not_have_is_named_and_never_shown(
    product: FakeProduct, cli: Call, tmp_path: Path
) -> None:
    given = {"oauth": {"client_secret": 4711, "clientsecret": KEY, "scopes_env": "SCOPES"}, "gcp": "what"}
    whole = {"mode": "EXCLUSIVE", "backends": [{"name": "a", "provider": "openai", **given}]}

    outcome = cli("backends", "save", "ada", "-f", _file(tmp_path, json.dumps(whole)))

    for field in ("", ".oauth.client_secret", ".oauth.clientsecret", ".oauth.scopes_env", ".gcp"):
        assert f"backends[0]{field}" in outcome.err
    assert KEY not in outcome.out + outcome.err
    assert "4711" not in outcome.err
    assert not product.asked_for(pb.SaveBYOKBackendsRequest)


def test_a_variable_that_is_not_set_is_wrong_usage(product: FakeProduct, cli: Call, tmp_path: Path) -> None:
    whole = {"mode": "EXCLUSIVE", "backends": [{"name": "a", "provider": "openai", "api_key_env": "NOT_SET_HERE"}]}

    outcome = cli("backends", "save", "ada", "-f", _file(tmp_path, json.dumps(whole)))

    assert (outcome.exit_code, product.asked) == (2, [])
    assert "NOT_SET_HERE" in outcome.err


def test_the_list_shows_what_tells_keys_apart_and_the_mode(product: FakeProduct, cli: Call) -> None:
    product.backends.append(SUMMARY)

    table, data = cli("backends", "list", "ada"), cli("backends", "list", "ada", "-o", "json")

    assert "…1234" in table.out
    assert "mode PREFERRED, etag etg_1" in table.out
    assert json.loads(data.out)["backends"][0]["last_four"] == "1234"


def test_deleting_wants_names_or_the_word_all(product: FakeProduct, cli: Call) -> None:
    assert cli("backends", "delete", "ada").exit_code == 2
    assert cli("backends", "delete", "ada", "mine", "--all").exit_code == 2
    assert cli("backends", "delete", "ada", "mine").exit_code == 0
    assert cli("backends", "delete", "ada", "--all").exit_code == 0

    assert [list(each.names) for each in product.asked_for(pb.DeleteBYOKBackendsRequest)] == [["mine"], []]


LASTING = {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "k" * 40, "region": "us-east-1"}
TEMPORARY = {**LASTING, "access_key_id": "ASIAIOSFODNN7EXAMPLE", "session_token": "t" * 40}
CLIENT = {"token_url": "https://idp.example/token", "client_id": "me", "client_secret": "s3cret"}


def test_what_happens_when_temporary_keys_end_is_said_when_they_are_saved(
    product: FakeProduct, cli: Call, tmp_path: Path
) -> None:
    product.backends.append(SUMMARY)
    kept = {"base_url": "https://own.example/v1", "models": ["fast"]}
    whole = {
        "mode": "EXCLUSIVE",
        "backends": [
            {"name": "brief", "aws": TEMPORARY, **kept},
            {"name": "lasting", "aws": LASTING, **kept},
            {"name": "minted", "oauth": CLIENT, **kept},
        ],
    }
    file = _file(tmp_path, json.dumps(whole))

    saved, dry, machine = (
        cli("backends", "save", "ada", "-f", file, *more) for more in ([], ["--dry-run"], ["-ojson"])
    )

    (temporary,) = [line for line in saved.out.splitlines() if "are not renewed" in line]
    assert temporary.startswith("brief: temporary AWS keys")
    assert "Save the backend again before that" in temporary
    (minted,) = [line for line in saved.out.splitlines() if "DEGRADED" in line]
    assert minted.startswith("minted: ")
    assert "renewed" not in dry.out + machine.out
    assert json.loads(machine.out)["backends"]
