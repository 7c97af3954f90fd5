"""Models as older files describe them, in one place or four, split into `providers.models` and `routing.modelCards`."""

from __future__ import annotations

from typing import Any, Final

from contract.faults import item, under
from contract.migration.notes import Journal
from contract.migration.old_backends import OldEndpoint
from contract.migration.places import STAYS, elements, entry_named, mapping, places, plain_list, settle

CARD_FIELDS: Final = (
    "param_size",
    "context_window_size",
    "description",
    "capabilities",
    "loras",
    "quality_score",
    "modality",
    "tags",
)
BINDING_FIELDS: Final = (
    "provider_model_id",
    "pricing",
    "reliability",
    "api_format",
    "external_model_ids",
    "reasoning_family",
    "backend_refs",
)
_KEYS: Final = {"access_key": "api_key", "api_key": "api_key", "api_key_env": "api_key_env"}
_READ_APART: Final = ("name", "preferred_endpoints", "endpoints", "access", "model_name", "auth_ref", *_KEYS)
_WHERE_TO: Final = "names no place that serves the model: give its backend this credential, which is not in the result"
_NO_ENDPOINT: Final = "names an endpoint that is not in the file"
_NO_FIELD: Final = "models have no such field; it had no effect on routing"
_SAID_ELSEWHERE: Final = {
    "use_reasoning": "each modelRef of a decision says use_reasoning itself",
    "image_gen_backend": "write it as the backend_config of a decision's plugin image_gen",
    "pii_policy": "write it as a signal routing.signals.pii and a decision that uses it",
}
_OF_OLD_BINDINGS: Final = frozenset({*CARD_FIELDS, *_READ_APART, *_SAID_ELSEWHERE} - {"name"})


def split_models(document: dict[str, Any], journal: Journal) -> None:
    """From `model_config`, `providers.model_targets` and the entries of `providers.models`."""
    named = _endpoints(document)
    used: set[str] = set()
    for place in places(document, "model_config"):
        for name, model in _each(place.take()):
            path = under("model_config", name)
            listed = _preferred(name, model, named)
            used.update(listed)
            _split(document, name, model, path, [named[each] for each in listed if each in named], journal)
            if any(each not in named for each in listed):
                journal.undecided(under(path, "preferred_endpoints"), _NO_ENDPOINT)
    _split_targets(document, journal)
    _split_bindings(document, journal)
    _retire_endpoints(document, named, used, journal)


def _endpoints(document: dict[str, Any]) -> dict[str, OldEndpoint]:
    profiles = document.get("provider_profiles")
    known = profiles if isinstance(profiles, dict) else {}
    found = {}
    for path, endpoint in elements(document, "vllm_endpoints", "vllm_endpoints"):
        profile = known.get(str(endpoint.get("provider_profile")), {})
        found[str(endpoint.get("name"))] = OldEndpoint(path, endpoint, profile if isinstance(profile, dict) else {})
    return found


def _preferred(name: str, model: dict[str, Any], named: dict[str, OldEndpoint]) -> list[str]:
    """What the model prefers; else the endpoints that list the model, as the oldest files do."""
    preferred = model.get("preferred_endpoints")
    if isinstance(preferred, list) and preferred:
        return [str(each) for each in preferred]
    return [key for key, endpoint in named.items() if name in plain_list(endpoint.fields.get("models"))]


def _split_targets(document: dict[str, Any], journal: Journal) -> None:
    providers = document.get("providers")
    if not isinstance(providers, dict):
        return
    backends = dict(_each(providers.pop("backends", None)))
    profiles = dict(_each(providers.pop("auth_profiles", None)))
    for name, target in _each(providers.pop("model_targets", None)):
        path = under("providers.model_targets", name)
        key = profiles.get(str(target.get("auth_ref")), {})
        refs = [str(each) for each in plain_list(target.pop("backend_refs", None))]
        endpoints = [
            OldEndpoint(under("providers.backends", each), {"name": each, **backends[each]})
            for each in refs
            if each in backends
        ]
        _split(document, name, {**key, **target}, path, endpoints, journal)


def _split_bindings(document: dict[str, Any], journal: Journal) -> None:
    """The command line's nested file keeps everything about a model in its provider entry."""
    for place in places(document, "providers.models"):
        for path, model in elements(place.holder, "models", "providers.models"):
            name = model.get("name")
            own = [key for key in model if key in _OF_OLD_BINDINGS]
            if not isinstance(name, str) or not own:
                continue
            old = {key: model.pop(key) for key in own}
            access = old.pop("access", None)
            if isinstance(access, dict):
                old = {**access, **old}
            listed = elements(old, "endpoints", f"{path}.endpoints")
            endpoints = [OldEndpoint(at, endpoint) for at, endpoint in listed]
            _split(document, name, old, path, endpoints, journal)


def _split(
    document: dict[str, Any],
    name: str,
    old: dict[str, Any],
    path: str,
    endpoints: list[OldEndpoint],
    journal: Journal,
) -> None:
    """One model: its meaning to its card, its access to its binding."""
    card_path, card = entry_named(mapping(document, "routing"), "modelCards", "routing.modelCards", name)
    binding_path, binding = entry_named(mapping(document, "providers"), "models", "providers.models", name)
    if isinstance(old.get("model_name"), str) and old["model_name"]:
        value, new_path = old["model_name"], under(binding_path, "provider_model_id")
        settle(binding, "provider_model_id", value, (under(path, "model_name"), new_path), journal)
    for key, value in old.items():
        for fields, target, target_path in ((CARD_FIELDS, card, card_path), (BINDING_FIELDS, binding, binding_path)):
            if key in fields:
                settle(target, key, value, (under(path, key), under(target_path, key)), journal)
        if key not in (*CARD_FIELDS, *BINDING_FIELDS, *_READ_APART) and value is not None:
            journal.dropped(under(path, key), _SAID_ELSEWHERE.get(key, _NO_FIELD))
    _bind(binding, old, (path, binding_path), endpoints, journal)


def _bind(
    binding: dict[str, Any],
    old: dict[str, Any],
    paths: tuple[str, str],
    endpoints: list[OldEndpoint],
    journal: Journal,
) -> None:
    path, binding_path = paths
    key = {new: old[name] for name, new in _KEYS.items() if old.get(name)}
    found = [(endpoint.path, ref) for endpoint in endpoints if (ref := endpoint.backend_ref(key, journal))]
    if found and binding.get("backend_refs") is None:
        binding["backend_refs"] = [ref for _, ref in found]
        for index, (at, _) in enumerate(found):
            journal.moved(at, item(under(binding_path, "backend_refs"), index))
    elif binding.get("backend_refs") != [ref for _, ref in found]:
        for at, _ in found:
            journal.dropped(at, f"{under(binding_path, 'backend_refs')}: {STAYS}")
    for name in _KEYS:
        if old.get(name) and binding.get("backend_refs"):
            journal.moved(under(path, name), f"{under(binding_path, 'backend_refs')}[].{_KEYS[name]}")
        elif old.get(name):
            journal.undecided(under(path, name), _WHERE_TO)
    checks = {endpoint.health_check_path for endpoint in endpoints} - {None}
    if len(checks) == 1:
        old_path = under(endpoints[0].path, "health_check_path")
        new_path = f"{binding_path}.reliability.health_check_path"
        settle(mapping(binding, "reliability"), "health_check_path", checks.pop(), (old_path, new_path), journal)


def _retire_endpoints(
    document: dict[str, Any], named: dict[str, OldEndpoint], used: set[str], journal: Journal
) -> None:
    document.pop("vllm_endpoints", None)
    document.pop("provider_profiles", None)
    for name, endpoint in named.items():
        if name not in used:
            journal.undecided(
                endpoint.path, "no model of the file prefers this endpoint: name it in a model's backend_refs"
            )


def _each(section: Any) -> list[tuple[str, dict[str, Any]]]:
    """The mappings of a section by name; a model without any field is an empty one."""
    if not isinstance(section, dict):
        return []
    return [(str(name), value if isinstance(value, dict) else {}) for name, value in section.items()]
