"""What the compiler makes of documents, what it leaves out, and how much of it a change costs."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from liaison_agent.compiler.compilation import Compiled, compile_consumer, compile_gateway
from liaison_agent.compiler.gateway import LeftOut
from liaison_agent.compiler.packing import PackError
from liaison_agent.state import Desired
from tests.fakes.compiling import CountingPacker, configuration, consumer, desired, real_packer, workspace

ALPHA = {"base_url": "https://alpha.example/v1", "api_key": "secret://alpha@3"}
BETA = {"base_url": "http://beta.example:8000"}
SECRETS = {"secret://alpha@3": "KEY"}
MODELS: dict[str, list[dict[str, Any]]] = {"m1": [ALPHA, BETA], "m2": [BETA]}


def compiled(wanted: Desired, **more: Any) -> Compiled:
    return compile_gateway(wanted, packer=real_packer(), **more)


def names(result: Compiled, message: str) -> list[str]:
    return sorted(name for kind, name in result.resources if kind.endswith(message))


def fields(result: Compiled, message: str, name: str) -> dict[str, Any]:
    (kind,) = [kind for kind, called in result.resources if kind.endswith(message) and called == name]
    return real_packer().unpack(kind.rpartition("/")[2], result.resources[kind, name].body)


def test_without_a_workspace_document_there_is_nothing_to_serve() -> None:
    assert compiled(desired(consumer("c1"))) == Compiled(compiled(desired()).resources, ())
    assert len(compiled(desired(consumer("c1"))).resources) == 0


def test_a_workspace_document_that_cannot_be_read_does_not_compile() -> None:
    with pytest.raises(PackError, match=r"workspace document cannot be read.*version"):
        compiled(desired(configuration("", {"version": "v9", "routing": {}})))


def test_models_of_one_account_share_a_cluster_with_a_name_that_tells_the_host() -> None:
    result = compiled(desired(workspace({"m1": [ALPHA], "m2": [ALPHA], "m3": [BETA]}), secrets=SECRETS))

    assert [name.rpartition("-")[0] for name in names(result, "Cluster")] == ["alpha.example", "beta.example"]


@pytest.mark.parametrize(
    "other",
    [
        {"base_url": "http://alpha.example/v1"},
        {"base_url": "https://alpha.example:8443/v1"},
        {"base_url": "https://alpha.example/v2"},
        {"api_key": "secret://other@3"},
        {"auth_header": "x-key"},
        {"auth_prefix": "Token"},
        {"extra_headers": {"x-team": "red"}},
    ],
)
def test_whatever_makes_another_account_makes_another_cluster(other: dict[str, Any]) -> None:
    secrets = {**SECRETS, "secret://other@3": "OTHER"}

    result = compiled(desired(workspace({"m1": [ALPHA], "m2": [{**ALPHA, **other}]}), secrets=secrets))

    assert len(names(result, "Cluster")) == 2


def test_one_account_under_two_names_of_a_model_is_two_places() -> None:
    twice = [{**BETA, "type": "one"}, {**BETA, "type": "two"}, {**BETA, "type": "one"}]

    result = compiled(desired(workspace({"m1": twice}, external_model_ids={"one": "a", "two": "b"})))

    assert result.origin is not None
    (model,) = result.origin.gateway.models
    assert [one.model for one in model.candidates] == ["a", "b"]
    assert len(names(result, "Cluster")) == 2


def test_a_rotated_secret_changes_its_resource_and_the_version_mark_only() -> None:
    rotated = workspace({"m1": [{**ALPHA, "api_key": "secret://alpha@4"}, BETA], "m2": [BETA]}, version=2)

    before = compiled(desired(workspace(MODELS), secrets=SECRETS))
    after = compiled(desired(rotated, secrets={**SECRETS, "secret://alpha@4": "NEW"}))

    changed, removed = before.resources.diff(after.resources)
    assert ([one.name for one in changed], removed) == (["workspace_version", "secret/alpha"], ())


def test_two_versions_of_one_secret_are_two_secrets() -> None:
    models = {"m1": [ALPHA], "m2": [{**ALPHA, "api_key": "secret://alpha@4"}]}

    result = compiled(desired(workspace(models), secrets={**SECRETS, "secret://alpha@4": "NEW"}))

    assert names(result, "Secret") == ["secret/alpha@3", "secret/alpha@4"]
    assert len(names(result, "Cluster")) == 2


def test_a_backend_without_its_secret_is_left_out_and_the_model_keeps_the_others() -> None:
    result = compiled(desired(workspace(MODELS)))

    assert result.left_out == (LeftOut("", "backend primary of model m1", "its secret has not been delivered"),)
    assert [name.partition("-")[0] for name in names(result, "Cluster")] == ["beta.example"]
    assert names(result, "Secret") == []


def test_a_secret_is_sent_to_the_place_it_was_given_for_and_nowhere_else() -> None:
    moved = {**ALPHA, "base_url": "https://elsewhere.example/v1"}
    wanted = desired(workspace({"m1": [ALPHA], "m2": [moved]}), secrets=SECRETS)
    wanted = dataclasses.replace(wanted, origins={"secret://alpha@3": "https://alpha.example:443"})

    result = compiled(wanted)

    assert [name.rpartition("-")[0] for name in names(result, "Cluster")] == ["alpha.example"]
    [left_out] = result.left_out
    assert left_out.what == "backend primary of model m2"
    assert "was given for https://alpha.example:443" in left_out.why


def test_a_backend_without_credential_injects_none() -> None:
    result = compiled(desired(workspace({"m1": [BETA]})))

    (name,) = names(result, "Cluster")
    (options,) = fields(result, "Cluster", name)["typed_extension_protocol_options"].values()
    assert [one["name"] for one in options["http_filters"]] == ["rewrite", "strip", "codec"]


def test_listeners_are_shifted_and_never_share_a_port() -> None:
    result = compiled(desired(workspace(MODELS)), port_offset=1000)

    listener = fields(result, "Listener", "main")
    assert listener["address"]["socket_address"]["port_value"] == 13582
    assert listener["enable_reuse_port"] is False


def test_each_consumer_gets_a_scope_in_its_own_slot_unless_it_is_disabled() -> None:
    consumers = (consumer("all"), consumer("some", models=["m2"]), consumer("off", enabled=False))

    result = compiled(desired(workspace(MODELS), *consumers))

    slots = {
        one.name: one.slot for one in result.resources.values() if one.type_url.endswith("ScopedRouteConfiguration")
    }
    assert slots == {"consumer/": "config/", "consumer/all": "config/all", "consumer/some": "config/some"}


def test_only_consumers_with_a_list_carry_routes_of_their_own() -> None:
    result = compiled(desired(workspace(MODELS), consumer("all"), consumer("some", 7, models=["m2"])))

    shared, own = (fields(result, "ScopedRouteConfiguration", f"consumer/{name}") for name in ("all", "some"))
    (host,) = own["route_configuration"]["virtual_hosts"]
    assert shared["route_configuration_name"] == "profile/every-model"
    assert sorted(host["matcher"]["matcher_tree"]["exact_match_map"]["map"]) == ["chat:m2", "models"]
    assert host["metadata"]["filter_metadata"]["agentrouter"]["consumer_version"] == "7"
    assert host["metadata"]["filter_metadata"]["front_door"] == {"known": True}


def test_a_model_that_the_workspace_lacks_is_left_out_of_the_list() -> None:
    result = compiled(desired(workspace({"m2": [BETA]}), consumer("c1", models=["m2", "m9"])))

    assert result.left_out == (LeftOut("c1", "model m9", "the workspace document has no such model"),)
    assert str(result.left_out[0]) == "consumer c1: model m9: the workspace document has no such model"


def test_a_list_of_nothing_but_lacking_models_allows_nothing() -> None:
    result = compiled(desired(workspace({"m2": [BETA]}), consumer("c1", models=["m9"])))

    scope = fields(result, "ScopedRouteConfiguration", "consumer/c1")
    (host,) = scope["route_configuration"]["virtual_hosts"]
    assert list(host["matcher"]["matcher_tree"]["exact_match_map"]["map"]) == ["models"]


@pytest.mark.parametrize(
    "document",
    [configuration("c1", {"version": "consumer/v9"}), dataclasses.replace(consumer("c2"), user_id="c1")],
    ids=["unreadable", "of somebody else"],
)
def test_an_unreadable_consumer_document_costs_that_consumer_only(document: Any) -> None:
    result = compiled(desired(workspace({"m2": [BETA]}), document, consumer("c3")))

    assert result.unreadable.keys() == {"config/c1"}
    assert names(result, "ScopedRouteConfiguration") == ["consumer/", "consumer/c3"]


@pytest.mark.parametrize("others", [3, 300])
@pytest.mark.parametrize(
    ("now", "packed"),
    [
        (consumer("c1", 2, models=["m1"]), ["VirtualHost", "ScopedRouteConfiguration"]),
        (consumer("c1", 2), ["ScopedRouteConfiguration"]),
        (consumer("c1", 2, enabled=False), []),
        (None, []),
    ],
    ids=["another list", "no list", "disabled", "gone"],
)
def test_a_consumers_change_packs_that_consumer_alone_and_equals_a_full_compilation(
    others: int, now: Any, packed: list[str]
) -> None:
    everybody = [consumer(f"other-{n}") for n in range(others)]
    before = desired(workspace(MODELS), consumer("c1", models=["m2", "m8"]), *everybody)
    after = desired(workspace(MODELS), *everybody, *([now] if now else []))
    packer = CountingPacker()

    short = compile_consumer(compiled(before), after, "c1", packer=packer)

    full = compiled(after)
    assert packer.packed == packed
    assert short.resources == full.resources
    assert sorted(map(str, short.left_out)) == sorted(map(str, full.left_out))


def test_a_workspace_change_packs_only_what_it_touches() -> None:
    consumers = [consumer(f"c{n}", models=["m2"]) for n in range(20)]
    before = compiled(desired(workspace(MODELS), *consumers))
    packer = CountingPacker()
    changed = workspace({**MODELS, "m3": [{"base_url": "http://gamma.example"}]}, version=2)

    after = compile_gateway(desired(changed, *consumers), packer=packer, previous=before)

    assert packer.packed.count("Cluster") == 1
    assert packer.packed.count("Listener") == 0
    assert packer.packed.count("ScopedRouteConfiguration") == 1  # the one that keeps the shared profile loaded
    assert after.resources == compiled(desired(changed, *consumers)).resources


def test_equal_input_gives_equal_bytes() -> None:
    wanted = desired(workspace(MODELS), consumer("c1", models=["m1", "m2"]), secrets=SECRETS)

    assert compiled(wanted).resources == compiled(wanted).resources
