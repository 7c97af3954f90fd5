"""What holds for every input: a refusal is a ContractError, no secret is told, and once is enough."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from contract import ContractError
from contract.flat_keys import FLAT_GLOBAL, FLAT_PROVIDERS, FLAT_ROUTING
from contract.migration import Migration, inline_secrets, migrate, remaining_faults

SECRET = "sk-do-not-tell"
TOP = (
    *FLAT_GLOBAL,
    *FLAT_PROVIDERS,
    *FLAT_ROUTING,
    *("version", "providers", "routing", "global", "listeners", "recipes", "model_config", "vllm_endpoints"),
    *("provider_profiles", "backend_models", "model_list", "router_settings", "litellm_settings", "metrics"),
)
INNER = (
    *("name", "models", "endpoints", "access", "access_key", "api_key", "preferred_endpoints", "address", "port"),
    *("decisions", "rules", "conditions", "operator", "type", "plugins", "algorithm", "triggers", "signal", "keywords"),
    *("signals", "domains", "mmlu_categories", "embeddings", "modelCards", "loras", "modules", "model_catalog"),
    *("classifier", "category_model", "model_id", "external", "endpoint", "model_targets", "backend_refs", "backends"),
    *("model_name", "litellm_params", "model", "model_info", "api_base", "weight", "order", "model_group_alias"),
    *("embeddings", "bert", "semantic", "model_selection", "elo", "observability", "tracing", "sampling_rate"),
    *("tool_scope", "modelSelectionAlgorithm", "method", "reasoning_families", "default_model", "model_refs"),
)
SCALARS = some.sampled_from(
    (None, True, 0, 1.5, "", "fast", SECRET, "v0.3", "openai/a", "os.environ/KEY", "elo", "always", "AND", "NOT", "10s")
)
VALUES = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from(INNER), inner, max_size=5),
    max_leaves=25,
)


def _or_junk(shaped: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    """Mostly the right shape, now and then anything."""
    return some.one_of(shaped, shaped, shaped, shaped, VALUES)


def _of(**fields: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    return _or_junk(some.fixed_dictionaries({}, optional={key: _or_junk(value) for key, value in fields.items()}))


def _lists(of: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    return some.lists(of, max_size=3)


NAMES = some.sampled_from(("fast", "slow", "here", "there", "openai/a"))
ENDPOINTS = _of(
    name=NAMES, address=NAMES, port=some.just(80), endpoint=NAMES, provider_profile=NAMES, access_key=SCALARS
)
MODELS = _of(
    name=NAMES,
    preferred_endpoints=_lists(NAMES),
    endpoints=_lists(ENDPOINTS),
    backend_refs=_lists(NAMES) | _lists(ENDPOINTS),
    access_key=some.just(SECRET),
    model_name=NAMES,
    loras=_lists(_of(name=NAMES)),
    reasoning_family=NAMES,
    access=_of(pricing=VALUES),
)
RULES = some.recursive(
    _of(type=some.sampled_from(("always", "domain", "keyword")), name=NAMES),
    lambda inner: _of(operator=some.sampled_from(("AND", "OR", "NOT")), conditions=_lists(inner)),
    max_leaves=6,
)
DECISIONS = _of(
    name=NAMES,
    rules=RULES,
    algorithm=_of(type=SCALARS, elo=VALUES, hybrid=_of(elo_weight=SCALARS)),
    plugins=_lists(_of(type=some.sampled_from(("pii", "semantic-cache", "tools")), configuration=VALUES)) | VALUES,
    triggers=_lists(_of(type=some.just("keyword"), keywords=_lists(NAMES))),
    signal=_of(type=SCALARS, config=_of(keywords=_lists(NAMES))),
    modelRefs=_lists(_of(model=NAMES)),
    allow_tools=_lists(NAMES),
    modelSelectionAlgorithm=_of(method=SCALARS),
)
SIGNALS = _of(
    keywords=_lists(_of(name=NAMES, method=some.just("regex"))),
    domains=_lists(_of(name=NAMES, mmlu_categories=_lists(NAMES))),
    embeddings=_lists(_of(category=NAMES, keywords=_lists(NAMES))),
)
ROUTING = _of(decisions=_lists(DECISIONS), signals=SIGNALS, modelCards=_lists(MODELS))
DEPLOYMENTS = _of(
    model_name=NAMES,
    litellm_params=_of(model=NAMES, api_base=SCALARS, api_key=some.just(SECRET), weight=SCALARS, order=SCALARS),
    model_info=_of(mode=SCALARS, id=NAMES, input_cost_per_token=SCALARS),
)
GLOBAL = _of(
    modules=VALUES,
    runtime=VALUES,
    models=VALUES,
    model_catalog=_of(external=_lists(_of(endpoint=SCALARS)), embeddings=_of(bert=VALUES), modules=VALUES),
    router=_of(model_selection=_of(method=SCALARS, elo=VALUES)),
    services=_of(observability=_of(tracing=_of(sampling_rate=SCALARS))),
    classifier=_of(category_model=_of(model_id=SCALARS)),
)
SHAPED = some.fixed_dictionaries(
    {},
    optional={
        "version": SCALARS,
        "model_config": some.dictionaries(NAMES, MODELS, max_size=3),
        "vllm_endpoints": _lists(ENDPOINTS),
        "provider_profiles": some.dictionaries(NAMES, _of(type=NAMES, base_url=NAMES), max_size=2),
        "backend_models": _of(model_config=some.dictionaries(NAMES, MODELS, max_size=2)),
        "decisions": _lists(DECISIONS),
        "signals": SIGNALS,
        "default_model": NAMES,
        "providers": _of(
            models=_lists(MODELS),
            defaults=VALUES,
            model_targets=some.dictionaries(NAMES, MODELS, max_size=2),
            backends=some.dictionaries(NAMES, ENDPOINTS, max_size=2),
            auth_profiles=some.dictionaries(NAMES, MODELS, max_size=2),
        ),
        "routing": ROUTING,
        "recipes": _lists(_of(name=NAMES, routing=ROUTING)),
        "global": GLOBAL,
    },
)
LITELLM = some.fixed_dictionaries(
    {"model_list": _lists(DEPLOYMENTS)},
    optional={
        "router_settings": _of(model_group_alias=some.dictionaries(NAMES, NAMES, max_size=2), num_retries=SCALARS),
        "litellm_settings": VALUES,
        "general_settings": VALUES,
    },
)
FILES = some.one_of(SHAPED, LITELLM, some.dictionaries(some.sampled_from(TOP), VALUES, max_size=7))
QUICK = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _migrated(raw: dict[str, Any]) -> Migration | None:
    try:
        return migrate(raw)
    except ContractError:
        return None


@QUICK
@given(FILES)
def test_whatever_a_file_holds_it_is_migrated_or_refused_with_faults(raw: dict[str, Any]) -> None:
    before = copy.deepcopy(raw)
    migration = _migrated(raw)

    assert raw == before
    if migration is None:
        return
    notes = (migration.moved, migration.dropped, migration.undecided)
    assert SECRET not in repr(notes)
    assert SECRET not in repr(inline_secrets(migration.document))
    assert all(fault.message for fault in remaining_faults(migration.document))


@QUICK
@given(FILES)
def test_a_second_migration_finds_nothing_to_do(raw: dict[str, Any]) -> None:
    first = _migrated(raw)
    if first is None:
        return

    again = migrate(first.document)

    assert again.document == first.document
    assert (again.moved, again.dropped, again.undecided) == ((), (), ())
