"""What an operator may set, read once at the composition root; every problem is reported before a port is bound."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "AGENTROUTER_"


class SettingsError(Exception):
    """The settings do not make sense; the text lists every problem, one a line, with the variable's name."""


class Settings(BaseSettings):
    """Environment variables `AGENTROUTER_<NAME>`; each secret also as `…_FILE`, the path of a file that holds it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", hide_input_in_errors=True)

    home: Annotated[Path, Field(description="where state is kept")] = Path(".agentrouter")
    database_url: SecretStr | None = None
    database_url_file: Path | None = None
    grpc_address: str = "127.0.0.1:12580"
    http_address: str = "127.0.0.1:12581"
    master_key: SecretStr | None = None
    master_key_file: Path | None = None
    master_keys_old: SecretStr | None = None
    master_keys_old_file: Path | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    insecure: bool = False
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    allow_loopback_upstreams: bool = False
    allow_private_upstreams: bool = False
    retire_after_days: Annotated[int, Field(ge=1, le=3650, description="unseen data planes are retired")] = 30

    @field_validator("grpc_address", "http_address")
    @classmethod
    def _address(cls, value: str) -> str:
        split_address(value)
        return value

    @property
    def store_url(self) -> str:
        """The database; SQLite under the home folder unless said otherwise."""
        if self.database_url_file:
            return self.database_url_file.read_text().strip()
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.home / 'agentrouter.db').absolute()}"


def load_settings(**overrides: Any) -> Settings:
    """From the environment; `overrides` win. Raises SettingsError with every problem."""
    given = {name: value for name, value in overrides.items() if value is not None}
    problems: list[str] = []
    while True:
        try:
            settings = Settings(**given)
        except ValidationError as error:
            faulty = {str(item["loc"][0]): _problem(item) for item in error.errors()}
            problems += faulty.values()
            # What is faulty alone is put aside, so that what does not fit together shows in the same go.
            given |= {name: Settings.model_fields[name].get_default() for name in faulty}
        else:
            break
    problems += _contradictions(settings)
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def split_address(address: str) -> tuple[str, int]:
    """`host:port`, an IPv6 host in brackets. Raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise ValueError("must be host:port, for instance 127.0.0.1:12581")
    return host.strip("[]"), int(port)


def _contradictions(settings: Settings) -> list[str]:
    """What each setting alone does not show."""
    found = []
    for name in ("database_url", "master_key", "master_keys_old"):
        variable, file = f"{PREFIX}{name.upper()}", getattr(settings, f"{name}_file")
        if getattr(settings, name) and file:
            found.append(f"give {variable} or {variable}_FILE, not both")
        if file is not None and not _readable(file):
            found.append(f"{variable}_FILE: {file} is not a file that can be read")
    if (settings.tls_cert_file is None) != (settings.tls_key_file is None):
        found.append(f"give {PREFIX}TLS_CERT_FILE and {PREFIX}TLS_KEY_FILE, or neither")
    plain = settings.tls_cert_file is None and not settings.insecure
    for name in ("grpc_address", "http_address"):
        host, _ = split_address(getattr(settings, name))
        if plain and not _is_loopback(host):
            found.append(
                f"{PREFIX}{name.upper()}: {host} is not loopback, and without a certificate everything is plain text: "
                f"give {PREFIX}TLS_CERT_FILE and {PREFIX}TLS_KEY_FILE, or set {PREFIX}INSECURE=true if the network is "
                "trusted"
            )
    return found


def _readable(file: Path) -> bool:
    return file.is_file() and os.access(file, os.R_OK)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _problem(item: Any) -> str:
    name = f"{PREFIX}{str(item['loc'][0]).upper()}: " if item["loc"] else ""
    return f"{name}{item['msg'].removeprefix('Value error, ')}"
