"""One entry of LiteLLM's `model_list`: a backend, the model's name there, and what is known of the model."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from contract.faults import under
from contract.migration.litellm_vendors import Vendor, vendor_of
from contract.migration.notes import Journal

_FROM_ENVIRONMENT: Final = "os.environ/"
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CHAT: Final = (None, "chat", "completion", "responses")
_READ: Final = (
    "model",
    "custom_llm_provider",
    "api_base",
    "base_url",
    "api_key",
    "api_version",
    "extra_headers",
    "order",
    "weight",
    "aws_region_name",
    "vertex_project",
    "vertex_location",
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
)
_LIMITS: Final = "is a limit of one deployment; limits here belong to consumers"
_WHY: Final = {
    "rpm": _LIMITS,
    "tpm": _LIMITS,
    "max_parallel_requests": _LIMITS,
    "timeout": "a listener's timeout bounds every request",
    "stream_timeout": "a listener's timeout bounds every request",
    "max_retries": "providers.models[].reliability says how often is retried",
    "num_retries": "providers.models[].reliability says how often is retried",
    "aws_access_key_id": "requests are not signed: use a Bedrock API key",
    "aws_secret_access_key": "requests are not signed: use a Bedrock API key",
    "vertex_credentials": "give the backend an access token as api_key",
    "litellm_credential_name": "give the backend its api_key",
}
_OTHER: Final = "has no counterpart for a backend; callers and decisions set request parameters"


@dataclass(frozen=True, slots=True)
class Deployment:
    """`upstream_id` is empty where the address already names the model."""

    path: str
    group: str
    upstream_id: str
    ref: dict[str, Any] = field(repr=False)
    parameters: dict[str, Any] = field(repr=False)
    info: dict[str, Any] = field(repr=False)

    @property
    def type_name(self) -> str:
        return str(self.ref.get("provider", "vllm"))


def read_deployment(entry: dict[str, Any], path: str, journal: Journal) -> Deployment | None:
    """None for what the gateway cannot serve, which is noted."""
    group, parameters = entry.get("model_name"), _mapping(entry, "litellm_params")
    model, info = parameters.get("model"), _mapping(entry, "model_info")
    if not isinstance(group, str) or not isinstance(model, str) or not group or not model:
        journal.undecided(path, "needs model_name and litellm_params.model")
        return None
    if "*" in group or "*" in model:
        journal.undecided(path, "stands for many models by a wildcard: name each model")
        return None
    if info.get("mode") not in _CHAT:
        journal.undecided(path, "is for another use; the gateway takes chat completions")
        return None
    named = parameters.get("custom_llm_provider")
    vendor, upstream_id = vendor_of(model, named if isinstance(named, str) else None)
    if vendor is None or not upstream_id:
        journal.undecided(path, "names no model of a provider that is known; write its backend_refs by hand")
        return None
    return _placed(Deployment(path, group, upstream_id, {}, parameters, info), vendor, entry, journal)


def _placed(found: Deployment, vendor: Vendor, entry: dict[str, Any], journal: Journal) -> Deployment | None:
    parameters, own_path = found.parameters, under(found.path, "litellm_params")
    base, upstream_id = _address(vendor, found.upstream_id, parameters)
    if not base:
        journal.undecided(found.path, "has no api_base, without which its address is not known")
        return None
    given = parameters.get("api_base") or parameters.get("base_url")
    ref: dict[str, Any] = {"base_url": base, "provider": vendor.provider}
    for key in ("api_version", "extra_headers"):
        if parameters.get(key):
            ref[key] = written(parameters[key])
    if vendor.chat_path and not given:
        ref["chat_path"] = vendor.chat_path
    ref.update(_credential(parameters, "" if given and vendor.provider == "openai" else vendor.key_variable))
    _note_rest(entry, parameters, found.path, own_path, journal)
    return Deployment(found.path, found.group, upstream_id, ref, parameters, found.info)


def _address(vendor: Vendor, model: str, parameters: dict[str, Any]) -> tuple[str, str]:
    """The base URL, and the model's name there, which Azure has in the address instead."""
    base = str(written(parameters.get("api_base") or parameters.get("base_url") or "")).rstrip("/")
    if vendor.provider == "azure-openai" and base:
        if "/openai/v1" in base:
            return base, model
        return base if "/deployments/" in base else f"{base}/openai/deployments/{model}", ""
    region, project = parameters.get("aws_region_name"), parameters.get("vertex_project")
    if not base and vendor.provider == "bedrock" and region:
        return f"https://bedrock-runtime.{written(region)}.amazonaws.com/openai/v1", model
    if not base and vendor.provider == "vertex-ai" and project:
        place = written(parameters.get("vertex_location") or "us-central1")
        host = f"https://{place}-aiplatform.googleapis.com"
        return f"{host}/v1/projects/{written(project)}/locations/{place}/endpoints/openapi", f"google/{model}"
    return base or vendor.base_url, model


def _credential(parameters: dict[str, Any], usual: str) -> dict[str, str]:
    """The key as the file gives it: by variable, inline, or by the variable that LiteLLM reads for this provider."""
    key = parameters.get("api_key")
    if not isinstance(key, str) or not key:
        return {"api_key_env": usual} if usual else {}
    variable = key.removeprefix(_FROM_ENVIRONMENT)
    if key.startswith(_FROM_ENVIRONMENT) and _VARIABLE.fullmatch(variable):
        return {"api_key_env": variable}
    return {"api_key": str(written(key))}


def written(value: Any) -> Any:
    """`os.environ/NAME` → `${NAME}`; any other dollar is doubled, since LiteLLM takes it as it stands."""
    if isinstance(value, dict):
        return {key: written(element) for key, element in value.items()}
    if not isinstance(value, str):
        return value
    variable = value.removeprefix(_FROM_ENVIRONMENT)
    return f"${{{variable}}}" if value.startswith(_FROM_ENVIRONMENT) else value.replace("$", "$$")


def _note_rest(entry: dict[str, Any], parameters: dict[str, Any], path: str, own_path: str, journal: Journal) -> None:
    for key in parameters:
        if key not in _READ:
            journal.undecided(under(own_path, key), _WHY.get(key, _OTHER))
    for key in entry:
        if key not in ("model_name", "litellm_params", "model_info"):
            journal.undecided(under(path, key), _WHY.get(key, _OTHER))


def _mapping(holder: dict[str, Any], key: str) -> dict[str, Any]:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}
