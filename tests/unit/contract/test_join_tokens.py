"""A join token may carry whom to trust."""

import pytest

from contract.join_tokens import ca_fingerprint_of, looks_like_join_token

SECRET = "jt-" + "A" * 43
CA = "0123456789abcdef" * 4


def test_a_token_without_a_fingerprint_carries_none() -> None:
    assert looks_like_join_token(SECRET)
    assert ca_fingerprint_of(SECRET) is None


def test_a_token_with_a_fingerprint_gives_it_back() -> None:
    assert looks_like_join_token(f"{SECRET}.{CA}")
    assert ca_fingerprint_of(f"{SECRET}.{CA}") == CA


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jt-",
        SECRET[:-1],
        SECRET + "A",
        SECRET + ".",
        f"{SECRET}.{CA[1:]}",
        f"{SECRET}.{CA.upper()}",
        f"ak{SECRET[2:]}",
        SECRET + "\n",
    ],
)
def test_another_shape_is_no_join_token(text: str) -> None:
    assert not looks_like_join_token(text)
    assert ca_fingerprint_of(text) is None
