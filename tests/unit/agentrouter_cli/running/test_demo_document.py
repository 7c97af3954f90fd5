"""The documents that `run` puts are good documents."""

from __future__ import annotations

import pytest

from agentrouter_cli.running.demo_document import (
    OPENAI_URL,
    OpenAi,
    demo_document,
    first_listener,
    first_model,
    openai_document,
)
from contract import iter_backend_secrets, ordered_backends, parse_workspace


def test_the_demo_alias_has_two_upstreams_alpha_first() -> None:
    document = parse_workspace(demo_document(4711))

    model = next(each for each in document.providers.models if each.name == "demo")
    assert [ref.base_url for ref in ordered_backends(model)] == [
        "http://127.0.0.1:4711/alpha/v1",
        "http://127.0.0.1:4711/beta/v1",
    ]
    assert not list(iter_backend_secrets(document))


def test_the_listener_is_where_the_issue_says() -> None:
    assert first_listener(demo_document(1)) == 12582


def test_openai_is_served_under_its_own_names_and_under_demo() -> None:
    document = parse_workspace(openai_document(OpenAi("sk-openai", "http://127.0.0.1:1/v1")))

    models = {model.name: model for model in document.providers.models}
    assert {"gpt-4o-mini", "demo"} <= set(models)
    assert models["demo"].provider_model_id == "gpt-4o-mini"
    assert {ref.base_url for model in models.values() for ref in model.backend_refs} == {"http://127.0.0.1:1/v1"}


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"OPENAI_API_KEY": "sk-1"}, OPENAI_URL),
        ({"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": ""}, OPENAI_URL),
        ({"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "https://proxy.example/v1/"}, "https://proxy.example/v1"),
    ],
)
def test_the_environment_names_the_real_provider(environment: dict[str, str], url: str) -> None:
    openai = OpenAi.of(environment)

    assert openai == OpenAi("sk-1", url)
    assert "sk-1" not in repr(openai)


def test_without_a_key_there_is_no_real_provider() -> None:
    assert OpenAi.of({"OPENAI_BASE_URL": "https://proxy.example"}) is None


@pytest.mark.parametrize("document", [{}, {"listeners": []}, {"listeners": "x", "providers": {"models": None}}])
def test_a_document_without_listener_and_model_is_no_error(document: dict[str, object]) -> None:
    assert (first_listener(document), first_model(document)) == (0, "")


def test_printed_commands_ask_for_demo_or_else_the_first_model() -> None:
    models = [{"name": "a"}, {"name": "b"}]

    assert first_model({"providers": {"models": models}}) == "a"
    assert first_model({"providers": {"models": [*models, {"name": "demo"}]}}) == "demo"
