"""The credentials of a document are found with their places and replaced without touching anything else."""

from __future__ import annotations

import pytest

from contract import iter_backend_secrets, parse_workspace, with_backend_secrets
from tests.unit.contract.documents import with_value

REFS = [
    {"base_url": "https://api.example.com/v1", "api_key": "sk-one"},
    {"endpoint": "127.0.0.1:8000"},
    {"endpoint": "[::1]:8000", "api_key": "secret://two"},
]
RAW = with_value("providers.models.0.backend_refs", REFS)
ONE = "providers.models[0].backend_refs[0].api_key"
TWO = "providers.models[0].backend_refs[2].api_key"


def test_each_credential_comes_with_its_path_its_names_and_its_origin() -> None:
    found = [tuple(secret) for secret in iter_backend_secrets(parse_workspace(RAW))]

    assert found == [
        (ONE, "fast", "primary", "sk-one", "https://api.example.com:443"),
        (TWO, "fast", "backend-3", "secret://two", "http://[::1]:8000"),
    ]


def test_replacing_credentials_changes_the_copy_alone() -> None:
    document = parse_workspace(RAW)

    replaced = with_backend_secrets(document, {ONE: "secret://one@1", TWO: "secret://two@7"})

    assert [secret.value for secret in iter_backend_secrets(replaced)] == ["secret://one@1", "secret://two@7"]
    assert [secret.value for secret in iter_backend_secrets(document)] == ["sk-one", "secret://two"]


def test_the_mapping_that_people_wrote_can_be_cleared_of_credentials_too() -> None:
    replaced = with_backend_secrets(RAW, {ONE: "secret://one"})

    assert replaced == with_value(
        "providers.models.0.backend_refs", [{**REFS[0], "api_key": "secret://one"}, *REFS[1:]]
    )
    assert RAW["providers"]["models"][0]["backend_refs"][0]["api_key"] == "sk-one"


@pytest.mark.parametrize("path", ["providers.models[0].backend_refs[9].api_key", "providers.models[0].name", "api_key"])
def test_a_path_that_leads_to_no_backend_is_an_error(path: str) -> None:
    with pytest.raises(KeyError):
        with_backend_secrets(parse_workspace(RAW), {path: "x"})
    with pytest.raises(KeyError):
        with_backend_secrets(RAW, {path: "x"})


def test_a_found_credential_does_not_show_its_value() -> None:
    assert "sk-one" not in repr(list(iter_backend_secrets(parse_workspace(RAW))))
