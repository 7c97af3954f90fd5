"""What a caller gives as a consumer's own backends: judged whole, every fault by its path, before anything is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract import (
    ContractError,
    OwnBackend,
    api_key_problem,
    origin_of_url,
    origins_of,
    parse_consumer,
    parse_own_backends,
    parse_workspace,
)
from contract.addresses import parse_base_url
from contract.egress import EgressPolicy
from contract.own_credentials import CredentialError, parse_credential, sealed_text, token_host
from contract.own_secrets import API_KEY, GCP
from controlplane.domain.backends import BackendMode
from controlplane.domain.errors import FieldFault, InvalidInput
from controlplane.services.ports import UnitOfWork

SHORTEST_TOLD = 12  # of a shorter key, four characters would tell too much


@dataclass(frozen=True, slots=True)
class GivenBackend:
    """`settings` as the contract reads them. The credential's kind is empty to keep the stored one; its fields are
    those of the API, `{"api_key": …}` for a key.
    """

    settings: Mapping[str, Any]
    credential_kind: str = ""
    credential: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SaveBackends:
    """Replace a consumer's whole set. `etag` empty: whatever is stored; `mode` may be None when there are none."""

    workspace_id: str
    user_id: str
    backends: tuple[GivenBackend, ...]
    mode: BackendMode | None
    etag: str = ""


@dataclass(frozen=True, slots=True)
class JudgedCredential:
    """What is sealed of a given credential, and the marks by which people tell it apart."""

    kind: str
    last_four: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class JudgedBackend:
    """A backend without a fault; `credential` is None where the stored one is to be kept."""

    settings: OwnBackend
    credential: JudgedCredential | None


def judge_backends(command: SaveBackends, egress: EgressPolicy) -> tuple[JudgedBackend, ...]:
    """The settings, read by the contract. Raises InvalidInput with every fault, those of credentials too."""
    faults: list[FieldFault] = []
    credentials = [_credential(index, given, egress, faults) for index, given in enumerate(command.backends)]
    if command.backends and command.mode is None:
        faults.append(FieldFault("mode", "required", "is EXCLUSIVE, PREFERRED or FALLBACK"))
    settings: tuple[OwnBackend, ...] = ()
    try:
        parse_consumer({"version": "consumer/v1", "consumer_id": command.user_id})
        settings = parse_own_backends([given.settings for given in command.backends])
    except ContractError as error:
        renamed = {"consumer_id": "user_id"}
        faults += [
            FieldFault(renamed.get(one.path, one.path), one.code, one.message, one.remedy) for one in error.faults
        ]
    for index, one in enumerate(settings):
        problem = egress.host_problem(parse_base_url(one.base_url).host) if one.base_url else None
        if problem:
            faults.append(FieldFault(f"backends[{index}].base_url", "egress", problem))
    refuse(faults)
    return tuple(JudgedBackend(*pair) for pair in zip(settings, credentials, strict=True))


def refuse(faults: list[FieldFault]) -> None:
    """Raises InvalidInput when there are any."""
    if faults:
        first = f"{faults[0].path} {faults[0]}"
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InvalidInput(f"{first}{more}", tuple(faults), reason="BACKENDS_INVALID")


async def origins_for(
    work: UnitOfWork, workspace_id: str, settings: Sequence[OwnBackend]
) -> tuple[list[str], list[FieldFault]]:
    """Where each credential may be sent; empty, with a fault, where that cannot be told."""
    needed = any(not one.base_url for one in settings)
    source = await work.documents.get(workspace_id, "") if needed else None
    workspace = parse_workspace(json.loads(source.content)) if source else None
    origins, faults = [], []
    for index, one in enumerate(settings):
        if one.base_url:
            origins.append(origin_of_url(one.base_url))
            continue
        found = origins_of(workspace, one.provider or "") if workspace else ()
        if len(found) != 1:
            where = f"in {len(found)} places ({', '.join(found)})" if found else "nowhere"
            why = f"the workspace reaches {one.provider!r} {where}; give a base_url"
            faults.append(FieldFault(f"backends[{index}].provider", "reference", why))
        origins.append(found[0] if len(found) == 1 else "")
    return origins, faults


def _credential(
    index: int, given: GivenBackend, egress: EgressPolicy, faults: list[FieldFault]
) -> JudgedCredential | None:
    path = f"backends[{index}].credential.{given.credential_kind}"
    if not given.credential_kind:
        return None
    if given.credential_kind == API_KEY:
        value = str(given.credential.get(API_KEY, ""))
        if problem := api_key_problem(value):
            faults.append(FieldFault(path, "secret", problem))
        return JudgedCredential(API_KEY, _last_four(value), value)
    try:
        credential = parse_credential(given.credential_kind, given.credential)
    except CredentialError as error:
        faults += (FieldFault(f"{path}.{one.field}", one.code, one.message) for one in error.faults)
        return None
    host = token_host(credential)
    if problem := egress.host_problem(host) if host else None:
        where = "key_file" if given.credential_kind == GCP else "token_url"
        faults.append(FieldFault(f"{path}.{where}", "egress", f"leads to a host that {problem}"))
    return JudgedCredential(given.credential_kind, _last_four(credential.told_by), sealed_text(credential))


def _last_four(value: str) -> str:
    return value[-4:] if len(value) >= SHORTEST_TOLD else ""
