"""Keys of this machine that documents may name: only the listed ones are read, and each goes where it may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contract.egress import EgressPolicy
from liaison_agent.compiler.compilation import Compiled, compile_gateway
from liaison_agent.compiler.options import GatewayOptions, KeyVariable
from liaison_agent.kinds import SECRET
from liaison_agent.settings import Options, SettingsError, read_settings
from tests.fakes.compiling import desired, real_packer, workspace

KEY = "sk-of-this-machine"
PLACE: dict[str, Any] = {"base_url": "https://93.184.216.34/v1", "api_key_env": "MY_KEY"}


def compiled(*variables: KeyVariable, **backend: Any) -> Compiled:
    wanted = desired(workspace({"m": [{**PLACE, **backend}]}))
    options = GatewayOptions(egress=EgressPolicy(), key_variables=variables)
    return compile_gateway(wanted, packer=real_packer(), options=options)


def injected(made: Compiled) -> dict[str, str]:
    """Value by the secret's name in Envoy."""
    found = {}
    for one in made.resources.of_type(SECRET.type_url).values():
        secret = real_packer().unpack("envoy.extensions.transport_sockets.tls.v3.Secret", one.body)
        found[one.name] = secret["generic_secret"]["secret"]["inline_string"]
    return found


def test_a_listed_variables_key_is_presented_where_the_document_names_it() -> None:
    assert injected(compiled(KeyVariable("MY_KEY", KEY))) == {"variable/MY_KEY": KEY}


def test_a_variable_that_is_not_listed_is_left_out_with_the_way_out() -> None:
    made = compiled(KeyVariable("OTHER", KEY))

    assert injected(made) == {}
    [left_out] = made.left_out
    assert left_out.what == "backend primary of model m"
    assert "--key-variable MY_KEY" in left_out.why


@pytest.mark.parametrize(
    ("origin", "is_sent"), [("https://93.184.216.34:443", True), ("https://93.184.216.35:443", False)]
)
def test_a_key_that_was_listed_for_one_place_goes_to_no_other(origin: str, is_sent: bool) -> None:
    made = compiled(KeyVariable("MY_KEY", KEY, origin))

    assert bool(injected(made)) is is_sent
    assert [origin in one.why for one in made.left_out] == ([] if is_sent else [True])


def test_a_delivered_secret_wins_over_the_variable() -> None:
    made = compiled(KeyVariable("MY_KEY", KEY), api_key="secret://one@1")

    assert "variable/MY_KEY" not in injected(made)


def test_settings_read_listed_variables_from_their_values_or_their_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    environment = {
        "AGENTROUTER_KEY_VARIABLES": "A, B=https://api.example.com",
        "A": "sk-a",
        "B_FILE": str(tmp_path / "key"),
        "C": "sk-unlisted",
    }

    settings = read_settings(Options(), environment)

    assert settings.key_variables == (KeyVariable("A", "sk-a"), KeyVariable("B", KEY, "https://api.example.com:443"))
    assert KEY not in repr(settings)
    given = read_settings(Options(key_variables=("C",)), environment)
    assert given.key_variables == (KeyVariable("C", "sk-unlisted"),)


def test_every_faulty_entry_is_told_at_once_and_no_value_is_shown() -> None:
    environment = {"AGENTROUTER_KEY_VARIABLES": "1A,UNSET,C=ftp://x,D", "C": "sk-c", "D": "two\nlines-canary"}

    with pytest.raises(SettingsError) as refusal:
        read_settings(Options(), environment)

    lines = str(refusal.value).splitlines()
    assert len(lines) == 4
    assert all(any(word in line for line in lines) for word in ("'1A'", "UNSET is not set", "C=ftp", "D should hold"))
    assert "canary" not in str(refusal.value)
