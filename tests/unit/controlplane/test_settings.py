"""Settings: every problem at once, by the name of its variable, and no value of a secret in any of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from controlplane.settings import SettingsError, load_settings, split_address


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have some of their own."""
    for name in os.environ:
        if name.startswith("AGENTROUTER_"):
            monkeypatch.delenv(name)


def problems() -> list[str]:
    """What loading says."""
    with pytest.raises(SettingsError) as refused:
        load_settings()
    return str(refused.value).splitlines()


def test_without_any_setting_everything_is_under_one_folder_and_on_loopback() -> None:
    settings = load_settings()

    assert settings.store_url == f"sqlite:///{Path('.agentrouter/agentrouter.db').absolute()}"
    assert (settings.grpc_address, settings.http_address) == ("127.0.0.1:12580", "127.0.0.1:12581")


def test_every_problem_is_told_at_once_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AGENTROUTER_GRPC_ADDRESS", "nonsense")
    monkeypatch.setenv("AGENTROUTER_HTTP_ADDRESS", "0.0.0.0:80")
    monkeypatch.setenv("AGENTROUTER_LOG_LEVEL", "loud")
    monkeypatch.setenv("AGENTROUTER_DATABASE_URL", "postgresql://somebody:canary@db/x")
    monkeypatch.setenv("AGENTROUTER_DATABASE_URL_FILE", str(tmp_path / "absent"))
    monkeypatch.setenv("AGENTROUTER_INSECURE", "perhaps")

    told = problems()

    for name in ("GRPC_ADDRESS", "HTTP_ADDRESS", "LOG_LEVEL", "DATABASE_URL", "DATABASE_URL_FILE", "INSECURE"):
        assert any(f"AGENTROUTER_{name}" in line for line in told), name
    assert "canary" not in "\n".join(told)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.1.2.3", "[::]", "example.com"])  # noqa: S104 - refused
def test_plain_text_beyond_loopback_needs_a_word(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("AGENTROUTER_HTTP_ADDRESS", f"{host}:12581")
    assert "INSECURE" in problems()[0]

    monkeypatch.setenv("AGENTROUTER_INSECURE", "true")

    assert load_settings().http_address == f"{host}:12581"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.9.1"])
def test_loopback_needs_no_word(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("AGENTROUTER_GRPC_ADDRESS", f"{host}:12580")

    assert load_settings().grpc_address == f"{host}:12580"


def test_what_the_command_line_says_counts_more_than_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTROUTER_HTTP_ADDRESS", "127.0.0.1:1")

    assert load_settings(http_address="127.0.0.1:2", grpc_address=None).http_address == "127.0.0.1:2"


def test_a_secret_is_read_from_its_file_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://somebody:canary@db/x\n")
    monkeypatch.setenv("AGENTROUTER_DATABASE_URL_FILE", str(file))
    monkeypatch.setenv("AGENTROUTER_MASTER_KEY", "canary-key")

    settings = load_settings()

    assert settings.store_url == "postgresql://somebody:canary@db/x"
    assert "canary" not in repr(settings)


@pytest.mark.parametrize("address", ["", "host", ":80", "host:", "host:x", "host:65536", "host:-1", "host:٨٠"])
def test_an_address_is_a_host_and_a_port(address: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        split_address(address)


def test_an_ipv6_host_stands_in_brackets() -> None:
    assert split_address("[::1]:12581") == ("::1", 12581)
