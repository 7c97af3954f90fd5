"""References to secrets: one spelling, read and written without loss, and malformed ones never quoted."""

from __future__ import annotations

import pytest

from contract.secret_refs import SecretRef, SecretRefError, is_secret_ref, parse_secret_ref


@pytest.mark.parametrize("text", ["secret://openai", "secret://a/b.c_d-e@1", "secret://x@9223372036854775807"])
def test_a_reference_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_secret_ref(text)) == text


def test_a_delivered_reference_adds_the_version() -> None:
    assert str(SecretRef("openai").at(3)) == "secret://openai@3"


@pytest.mark.parametrize(
    "text",
    [
        "secret://",
        "secret://a b",
        "secret://a@",
        "secret://a@0",
        "secret://a@01",
        "secret://a@x",
        "secret://a@1@2",
        "sk-1",
        "secret://" + "a" * 201,
    ],
)
def test_a_malformed_reference_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(SecretRefError) as refusal:
        parse_secret_ref(text)

    assert text not in str(refusal.value)


def test_only_the_scheme_makes_a_reference() -> None:
    assert is_secret_ref("secret://anything at all")
    assert not is_secret_ref("sk-secret://")


def test_a_version_below_one_does_not_exist() -> None:
    with pytest.raises(SecretRefError):
        SecretRef("openai", 0)
