"""What the agent is started with: options, then variables, then defaults; every problem told at once."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from contract.join_tokens import looks_like_join_token
from liaison_agent.compiler.options import KeyVariable
from liaison_agent.key_variables import SETTING as KEY_VARIABLES
from liaison_agent.key_variables import read_key_variables

PROTOCOLS = ("connect", "grpc")
DEFAULT_URLS = {"connect": "http://127.0.0.1:12581", "grpc": "http://127.0.0.1:12580"}
LOG_LEVELS = ("debug", "info", "warning", "error")
HIGHEST_PORT_OFFSET = 50_000
MOST_THREADS = 1024
NAME_CHARACTERS = 200
_YES, _NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


class SettingsError(Exception):
    """Every problem, one a line."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Ready to use. `join_token` is empty when none was given; `join_token_problem` says what is wrong with the one
    that was, which matters only to who has no identity yet."""

    control_plane: str
    protocol: str
    join_token: str = field(repr=False)
    join_token_problem: str
    state_folder: Path
    name: str
    port_offset: int
    envoy_concurrency: int
    log_level: str
    allow_loopback_upstreams: bool = False
    allow_private_upstreams: bool = False
    key_variables: tuple[KeyVariable, ...] = ()
    ca: str = ""  # PEM; empty: the one that the join token named, else whom the host trusts


@dataclass(frozen=True, slots=True)
class Options:
    """What stood on the command line; None where nothing did."""

    control_plane: str | None = None
    protocol: str | None = None
    join_token: str | None = field(default=None, repr=False)
    state: Path | None = None
    name: str | None = None
    port_offset: int | None = None
    envoy_concurrency: int | None = None
    log_level: str | None = None
    allow_loopback_upstreams: bool | None = None
    allow_private_upstreams: bool | None = None
    ca_file: Path | None = None
    key_variables: tuple[str, ...] | None = None


def read_settings(options: Options, environment: Mapping[str, str]) -> Settings:
    """Options before variables before defaults. Raises `SettingsError`."""
    problems: list[str] = []
    protocol = options.protocol or environment.get("AGENTROUTER_PROTOCOL") or "connect"
    if protocol not in PROTOCOLS:
        problems.append(f"--protocol is one of {', '.join(PROTOCOLS)}, not {protocol!r}")
    url = options.control_plane or environment.get("AGENTROUTER_CONTROL_PLANE") or DEFAULT_URLS.get(protocol, "")
    if problem := _url_problem(url):
        problems.append(f"--control-plane (AGENTROUTER_CONTROL_PLANE) {problem}")
    level = (options.log_level or environment.get("AGENTROUTER_LOG_LEVEL") or "info").lower()
    if level not in LOG_LEVELS:
        problems.append(f"--log-level is one of {', '.join(LOG_LEVELS)}, not {level!r}")
    offset = _number(
        "--port-offset (AGENTROUTER_PORT_OFFSET)",
        environment.get("AGENTROUTER_PORT_OFFSET", "0") if options.port_offset is None else str(options.port_offset),
        (0, HIGHEST_PORT_OFFSET),
        problems,
    )
    threads = _number("--envoy-concurrency", str(options.envoy_concurrency or 1), (1, MOST_THREADS), problems)
    join_token, join_token_problem = _join_token(options, environment)
    settings = Settings(
        control_plane=url.rstrip("/"),
        protocol=protocol,
        join_token=join_token,
        join_token_problem=join_token_problem,
        state_folder=_state_folder(options, environment),
        name=(options.name or environment.get("AGENTROUTER_AGENT_NAME") or socket.gethostname())[:NAME_CHARACTERS],
        port_offset=offset,
        envoy_concurrency=threads,
        log_level=level,
        allow_loopback_upstreams=_flag("LOOPBACK", options.allow_loopback_upstreams, environment, problems),
        allow_private_upstreams=_flag("PRIVATE", options.allow_private_upstreams, environment, problems),
        key_variables=read_key_variables(_listed(options, environment), environment, problems),
        ca=_ca(options, environment, problems),
    )
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _url_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        has_place = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "has a malformed host or port; write http://host:port"
    if parts.scheme not in ("http", "https") or not has_place:
        return "must be http://host:port or https://host:port"
    if parts.username is not None or parts.query or parts.fragment or parts.path not in ("", "/"):
        return "must hold nothing but scheme, host and port"
    return None


def _listed(options: Options, environment: Mapping[str, str]) -> Sequence[str]:
    return options.key_variables or environment.get(KEY_VARIABLES, "").split(",")


def _ca(options: Options, environment: Mapping[str, str], problems: list[str]) -> str:
    file = options.ca_file or environment.get("AGENTROUTER_CA_FILE")
    if not file:
        return ""
    try:
        text = Path(file).read_text()
    except (OSError, UnicodeDecodeError):
        text = ""
    if "BEGIN CERTIFICATE" not in text:
        problems.append(f"--ca-file (AGENTROUTER_CA_FILE) {str(file)!r} is no PEM file with a certificate")
    return text


def _flag(which: str, given: bool | None, environment: Mapping[str, str], problems: list[str]) -> bool:
    """Whether upstreams of that kind are allowed."""
    name = f"AGENTROUTER_ALLOW_{which}_UPSTREAMS"
    text = environment.get(name, "").strip().lower()
    if given is None and text not in ("", *_YES, *_NO):
        problems.append(f"{name} is true or false, not {text!r}")
    return text in _YES if given is None else given


def _number(name: str, text: str, limits: tuple[int, int], problems: list[str]) -> int:
    low, high = limits
    if text.isascii() and text.isdigit() and low <= int(text) <= high:
        return int(text)
    problems.append(f"{name} is a whole number from {low} to {high}, not {text!r}")
    return low


def _join_token(options: Options, environment: Mapping[str, str]) -> tuple[str, str]:
    """The token and what is wrong with it; the token itself is never repeated in a problem."""
    token = options.join_token or environment.get("AGENTROUTER_JOIN_TOKEN") or ""
    file = environment.get("AGENTROUTER_JOIN_TOKEN_FILE")
    if not token and file:
        try:
            token = Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            return "", f"AGENTROUTER_JOIN_TOKEN_FILE {file!r} cannot be read: {reason}"
    if token and not looks_like_join_token(token):
        return "", "the join token is not one: it looks like jt-… and is given whole"
    return token, ""


def _state_folder(options: Options, environment: Mapping[str, str]) -> Path:
    if options.state is not None:
        return options.state
    if named := environment.get("AGENTROUTER_AGENT_STATE"):
        return Path(named)
    return Path(environment.get("AGENTROUTER_HOME") or ".agentrouter") / "agent"
