"""The places that serve a model, as older files describe them, turned into `backend_refs`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from contract.faults import under
from contract.migration.notes import Journal

REF_FIELDS: Final = (
    "name",
    "endpoint",
    "base_url",
    "protocol",
    "provider",
    "type",
    "auth_header",
    "auth_prefix",
    "extra_headers",
    "api_version",
    "chat_path",
    "weight",
    "api_key",
    "api_key_env",
)
_READ_APART: Final = ("address", "port", "provider_profile", "health_check_path", "access_key", "model", "models")
_NO_ADDRESS: Final = "names no address; give the backend its endpoint or base_url"
_NO_FIELD: Final = "backends have no such field; it had no effect on routing"


@dataclass(frozen=True, slots=True)
class OldEndpoint:
    """One entry of `vllm_endpoints`, `endpoints` or `backends`, with the profile it names."""

    path: str
    fields: dict[str, Any] = field(repr=False)
    profile: dict[str, Any] = field(repr=False, default_factory=dict)

    @property
    def health_check_path(self) -> str | None:
        path = self.fields.get("health_check_path")
        return path if isinstance(path, str) and path else None

    def backend_ref(self, key: dict[str, Any], journal: Journal) -> dict[str, Any] | None:
        """The backend, with the model's own `key` (api_key or api_key_env) where the endpoint has none; None without
        an address.
        """
        merged = {**self._of_profile(), **self._of_address(), **_known(self.fields)}
        if not merged.get("endpoint") and not merged.get("base_url"):
            journal.undecided(self.path, _NO_ADDRESS)
            return None
        if "access_key" in self.fields:
            merged.setdefault("api_key", self.fields["access_key"])
        if not merged.get("api_key") and not merged.get("api_key_env"):
            merged.update(key)
        for name in self.fields:
            if name not in REF_FIELDS and name not in _READ_APART:
                journal.dropped(under(self.path, name), _NO_FIELD)
        return {name: merged[name] for name in REF_FIELDS if merged.get(name) not in (None, "") or _bare(merged, name)}

    def _of_profile(self) -> dict[str, Any]:
        fields = _known(self.profile)
        if "type" in fields:
            fields.setdefault("provider", fields.pop("type"))
        return fields

    def _of_address(self) -> dict[str, Any]:
        address, port = self.fields.get("address"), self.fields.get("port")
        if not isinstance(address, str) or not address:
            return {}
        return {"endpoint": _with_port(address, port) if port else address}


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in REF_FIELDS and value is not None}


def _bare(fields: dict[str, Any], name: str) -> bool:
    """An empty prefix means that the credential is sent bare."""
    return name == "auth_prefix" and fields.get(name) == ""


def _with_port(address: str, port: Any) -> str:
    """`host` and `host/path` with a port; an IPv6 address gets its brackets."""
    scheme, separator, rest = address.rpartition("://")
    host, slash, path = rest.partition("/")
    if host.count(":") > 1 and not host.startswith("["):
        host = f"[{host}]"
    return f"{scheme}{separator}{host}:{port}{slash}{path}"
