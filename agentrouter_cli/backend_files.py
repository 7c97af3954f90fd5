"""A file with a consumer's own backends, their secrets taken from the environment or from files of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import contract
from agentrouter.configurator.v1 import backends_pb2
from agentrouter_cli.documents import read_input
from agentrouter_cli.errors import Refused
from agentrouter_cli.given_credentials import CREDENTIALS, credential_faults, read_credential
from contract import ContractError, parse_text
from contract.faults import Fault

MODES: Final = ("EXCLUSIVE", "PREFERRED", "FALLBACK")
_DEFAULT_WEIGHT: Final = 1


@dataclass(frozen=True, slots=True)
class GivenSet:
    """What SaveBYOKBackends takes; it holds keys and is never shown."""

    backends: tuple[backends_pb2.Backend, ...] = field(repr=False)
    mode: str


def load_backends(file: str, environment: Mapping[str, str]) -> GivenSet:
    """Raises Refused with every fault, WrongUsage for what cannot be read."""
    try:
        raw = parse_text(read_input(file))
        written = raw.get("backends")
        entries = [dict(one) if isinstance(one, dict) else {} for one in written] if isinstance(written, list) else []
        faults = [*_set_faults(raw), *_settings_faults(entries)]
    except ContractError as problem:
        faults = list(problem.faults)
    if faults:
        raise Refused(f"{file} has {len(faults)} fault(s); nothing was stored", code="BACKENDS_INVALID", faults=faults)
    mode = f"BACKEND_MODE_{raw.get('mode') or 'UNSPECIFIED'}"
    backends = tuple(_backend(one, index, file, environment) for index, one in enumerate(entries))
    return GivenSet(backends, mode)


def _set_faults(raw: Mapping[str, Any]) -> list[Fault]:
    faults = [Fault(key, "unknown_field", "known are mode, backends") for key in raw if key not in ("mode", "backends")]
    if not isinstance(raw.get("backends"), list):
        faults.append(Fault("backends", "required", "should be a list, which may be empty"))
    if raw.get("backends") and raw.get("mode") not in MODES:
        faults.append(Fault("mode", "required", f"should be {', '.join(MODES)}"))
    return faults


def _settings_faults(entries: list[dict[str, Any]]) -> list[Fault]:
    faults = [fault for index, one in enumerate(entries) for fault in credential_faults(f"backends[{index}]", one)]
    try:
        contract.parse_own_backends([_without_credential(one) for one in entries])
    except ContractError as problem:
        faults += problem.faults
    return faults


def _without_credential(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in CREDENTIALS}


def _backend(entry: Mapping[str, Any], index: int, file: str, environment: Mapping[str, str]) -> backends_pb2.Backend:
    given = read_credential(entry, f"backends[{index}] of {file}", environment)
    credential = {"credential": given} if given else {}
    settings = {name: value for name, value in _without_credential(entry).items() if value is not None}
    return backends_pb2.Backend(**{"weight": _DEFAULT_WEIGHT, **settings, **credential})
