"""Options before variables before defaults, and every problem at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from liaison_agent.settings import Options, SettingsError, read_settings

TOKEN = "jt-" + "x" * 43


def test_defaults_are_those_of_one_machine() -> None:
    settings = read_settings(Options(), {})

    assert (settings.control_plane, settings.protocol) == ("http://127.0.0.1:12581", "connect")
    assert settings.state_folder == Path(".agentrouter/agent")
    assert (settings.port_offset, settings.envoy_concurrency, settings.log_level) == (0, 1, "info")


def test_grpc_has_a_port_of_its_own() -> None:
    assert read_settings(Options(protocol="grpc"), {}).control_plane == "http://127.0.0.1:12580"


def test_an_option_counts_before_its_variable_and_a_variable_before_the_default() -> None:
    environment = {
        "AGENTROUTER_CONTROL_PLANE": "http://variable:1",
        "AGENTROUTER_AGENT_STATE": "/variable",
        "AGENTROUTER_HOME": "/home",
        "AGENTROUTER_PORT_OFFSET": "7",
    }

    by_variable = read_settings(Options(), environment)
    by_option = read_settings(
        Options(control_plane="http://option:2/", state=Path("/option"), port_offset=0), environment
    )

    assert (by_variable.control_plane, by_variable.state_folder, by_variable.port_offset) == (
        "http://variable:1",
        Path("/variable"),
        7,
    )
    assert (by_option.control_plane, by_option.state_folder, by_option.port_offset) == (
        "http://option:2",
        Path("/option"),
        0,
    )


def test_the_home_decides_where_the_state_lies() -> None:
    assert read_settings(Options(), {"AGENTROUTER_HOME": "/srv/ar"}).state_folder == Path("/srv/ar/agent")


def test_a_join_token_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")

    assert read_settings(Options(), {"AGENTROUTER_JOIN_TOKEN_FILE": str(file)}).join_token == TOKEN


def test_a_bad_join_token_is_no_problem_before_it_is_needed_and_is_never_shown(tmp_path: Path) -> None:
    mistyped = read_settings(Options(join_token="jt-canary"), {})
    missing = read_settings(Options(), {"AGENTROUTER_JOIN_TOKEN_FILE": str(tmp_path / "absent")})

    assert mistyped.join_token == ""
    assert "looks like jt-" in mistyped.join_token_problem
    assert "canary" not in mistyped.join_token_problem
    assert "No such file" in missing.join_token_problem
    assert TOKEN not in repr(read_settings(Options(join_token=TOKEN), {}))


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(
            Options(protocol="soap", control_plane="ftp://x", log_level="loud", envoy_concurrency=5000),
            {"AGENTROUTER_PORT_OFFSET": "-1"},
        )

    problems = str(caught.value).splitlines()
    assert [problem.split()[0] for problem in problems] == [
        "--protocol",
        "--control-plane",
        "--log-level",
        "--port-offset",
        "--envoy-concurrency",
    ]


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:12581", "http://", "http://u:p@host:1", "http://host:1/path", "http://host:1?q=1", "http://[::1", "x"],
)
def test_a_url_is_scheme_host_and_port_and_nothing_else(url: str) -> None:
    with pytest.raises(SettingsError):
        read_settings(Options(control_plane=url), {})


def test_loopback_and_private_upstreams_are_refused_unless_allowed() -> None:
    variables = {"AGENTROUTER_ALLOW_LOOPBACK_UPSTREAMS": "true", "AGENTROUTER_ALLOW_PRIVATE_UPSTREAMS": "1"}

    usual, allowed = read_settings(Options(), {}), read_settings(Options(), variables)
    by_option = read_settings(Options(allow_loopback_upstreams=False), variables)

    assert (usual.allow_loopback_upstreams, usual.allow_private_upstreams) == (False, False)
    assert (allowed.allow_loopback_upstreams, allowed.allow_private_upstreams) == (True, True)
    assert by_option.allow_loopback_upstreams is False


def test_a_flag_that_is_no_flag_is_a_problem() -> None:
    with pytest.raises(SettingsError, match="AGENTROUTER_ALLOW_LOOPBACK_UPSTREAMS"):
        read_settings(Options(), {"AGENTROUTER_ALLOW_LOOPBACK_UPSTREAMS": "perhaps"})
