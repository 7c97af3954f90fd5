"""The routes of a set of models: one lookup by the name that the front door read, whatever the number of models."""

from __future__ import annotations

import json
from collections.abc import Sequence

from liaison_agent.compiler import names
from liaison_agent.compiler.gateway import Candidate, Model
from liaison_agent.compiler.local_replies import error_json
from liaison_agent.compiler.packing import Fields, any_of, extension

_ROUTE = "envoy.config.route.v3.Route"
_PRIORITIES = "envoy.extensions.router.cluster_specifiers.priority_group.v3.PriorityGroupClusterSpecifier"
_STATE_INPUT = "envoy.extensions.matching.common_inputs.network.v3.FilterStateInput"

MOST_ATTEMPTS = 3
# Failures in which the upstream cannot have begun to work on the request.
_NEVER_SENT = "connect-failure,refused-stream,reset-before-request"
_FAILOVER = f"{_NEVER_SENT},5xx,retriable-status-codes"
_SMALLEST_ANSWER_LIMIT = 4096  # Envoy's own default


def virtual_host(models: Sequence[Model]) -> Fields:
    """The one virtual host of these models. Its metadata tells the front door that the consumer is known."""
    routes: dict[str, Fields] = {"models": _list_route(models)}
    routes.update((f"chat:{model.name}", _chat_route(model)) for model in models)
    key = extension("route", _STATE_INPUT, key=names.STATE_ROUTE)
    return {
        "name": "gateway",
        "domains": ["*"],
        "metadata": {"filter_metadata": {names.FRONT_DOOR: {names.KNOWN: True}}},
        "matcher": {
            "matcher_tree": {"input": key, "exact_match_map": {"map": {k: _action(v) for k, v in routes.items()}}},
            "on_no_match": _action(_unknown_model_route()),
        },
    }


def longest_answer(models: Sequence[Model]) -> int:
    """What `max_direct_response_body_size_bytes` must allow for these models, in bytes."""
    return max(_SMALLEST_ANSWER_LIMIT, len(model_list(models).encode()))


def model_card(model: Model) -> str:
    """The model as `GET /v1/models/{id}` shows it. Nobody knows when it was made, so `created` is 0."""
    return _compact({"id": model.name, "object": "model", "created": 0, "owned_by": "agentrouter"})


def model_list(models: Sequence[Model]) -> str:
    """The models as `GET /v1/models` shows them, in the document's order."""
    return '{"object":"list","data":[' + ",".join(model_card(model) for model in models) + "]}"


def _list_route(models: Sequence[Model]) -> Fields:
    return _direct(200, body={"inline_string": model_list(models)})


def _unknown_model_route() -> Fields:
    message = f"The model `%FILTER_STATE({names.STATE_MODEL}:PLAIN)%` does not exist or you do not have access to it."
    error = error_json("model_not_found", message, param="model")
    return _direct(404, body_format={"json_format": error})


def _chat_route(model: Model) -> Fields:
    card = {names.FRONT_DOOR: {names.CARD: model_card(model)}}
    if not model.candidates:
        error = error_json("upstream_unavailable", "No provider of this model has its credential yet.", "server_error")
        return {**_direct(503, body={"inline_string": _compact(error)}), "metadata": {"filter_metadata": card}}
    return any_of(
        _ROUTE,
        match={"prefix": "/"},
        metadata={"filter_metadata": {**card, names.REWRITE: _rewrites(model.candidates)}},
        route={
            "inline_cluster_specifier_plugin": {"extension": _priorities(model.candidates)},
            "auto_host_rewrite": True,
            "timeout": "0s",
            "retry_policy": _retries(model),
        },
        **({"response_headers_to_remove": [names.OWN_KEY_STATUS_HEADER]} if _any_own(model) else {}),
    )


def _rewrites(candidates: Sequence[Candidate]) -> Fields:
    """For each candidate what the rewriting script needs: the model's name as it stands between the quotes of a JSON
    string, then, behind a line feed, the headers that only other candidates add.
    """
    added = frozenset[str]().union(*(one.upstream.added_headers for one in candidates))
    rewrites = {}
    for one in candidates:
        foreign = ",".join(sorted(added - one.upstream.added_headers))
        rewrites[one.upstream.name] = json.dumps(one.model)[1:-1] + (f"\n{foreign}" if foreign else "")
    return rewrites


def _priorities(candidates: Sequence[Candidate]) -> Fields:
    """Attempt n goes to the n-th candidate."""
    groups = [
        {"name": str(place), "clusters": [{"cluster_name": one.upstream.name, "weight": 1}]}
        for place, one in enumerate(candidates)
    ]
    return extension("candidates", _PRIORITIES, priority_groups=groups)


def _retries(model: Model) -> Fields:
    """One attempt a candidate, at most `MOST_ATTEMPTS`, and as many as the document asks for beyond; never after
    response headers, since Envoy passes those on. Attempts beyond the last candidate go to the last.

    A single candidate gets a second attempt only where it cannot have seen the first, as with a connection it closed,
    unless the document says more. Where the platform's comes after a consumer's own key, a refusal of that key is a
    reason too.
    """
    several = len(model.candidates) > 1
    own_keys = [one.upstream.is_consumers_own for one in model.candidates]
    reasons = [
        _FAILOVER if several else _NEVER_SENT,
        *(model.retry_on.replace(" ", "").split(",") if model.retries else ()),
    ]
    own_first = several and own_keys[0] and not own_keys[-1]
    if own_first:
        reasons.append("retriable-headers")
    return {
        **({"retriable_headers": [_own_key_refused(status) for status in ("401", "403")]} if own_first else {}),
        "retry_on": ",".join(dict.fromkeys(reason for part in reasons for reason in part.split(",") if reason)),
        "retriable_status_codes": [429] if several else [],
        "num_retries": max(1, min(len(model.candidates), MOST_ATTEMPTS) - 1, model.retries),
        "refresh_cluster_on_retry": True,
        "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.010s"},
    }


def _any_own(model: Model) -> bool:
    return any(one.upstream.is_consumers_own for one in model.candidates)


def _own_key_refused(status: str) -> Fields:
    return {"name": names.OWN_KEY_STATUS_HEADER, "string_match": {"exact": status}}


def _direct(status: int, **response: Fields) -> Fields:
    header: Fields = {"header": {"key": "content-type", "value": "application/json"}}
    header["append_action"] = "OVERWRITE_IF_EXISTS_OR_ADD"
    return any_of(
        _ROUTE,
        match={"prefix": "/"},
        direct_response={"status": status, **response},
        response_headers_to_add=[header],
    )


def _action(route: Fields) -> Fields:
    return {"action": {"name": "route", "typed_config": route}}


def _compact(value: Fields) -> str:
    return json.dumps(value, separators=(",", ":"))
