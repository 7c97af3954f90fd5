"""Credentials that stand in a document itself, by their paths alone."""

from __future__ import annotations

from typing import Any, Final

from contract.migration.judging import is_reference, values
from contract.secret_refs import is_secret_ref

_KEYS: Final = ("api_key", "access_key", "password", "auth_token", "token", "secret")


def inline_secrets(document: dict[str, Any]) -> tuple[str, ...]:
    """The paths of every value that is a credential and neither a variable nor a reference to a secret."""
    return tuple(path for path, value in values(document, "") if path.rpartition(".")[2] in _KEYS and _is_inline(value))


def _is_inline(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and not is_reference(value) and not is_secret_ref(value)
