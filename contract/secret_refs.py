"""How a document names a secret that it does not hold: `secret://<name>` in a source, `…@<version>` when delivered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SCHEME: Final = "secret://"

_NAME: Final = re.compile(r"[A-Za-z0-9._/-]{1,200}")
_VERSION: Final = re.compile(r"[1-9][0-9]{0,18}")


class SecretRefError(ValueError):
    """The text is no reference to a secret. The message does not repeat it: it may be the secret itself."""


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A secret's name and, in a delivered document, which version of it. Versions start at 1 and only grow."""

    name: str
    version: int | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SecretRefError(
                "a secret's name holds 1 to 200 letters, digits, dots, dashes, underscores and slashes"
            )
        if self.version is not None and self.version < 1:
            raise SecretRefError("a secret's version is 1 or more")

    def __str__(self) -> str:
        return f"{SCHEME}{self.name}" if self.version is None else f"{SCHEME}{self.name}@{self.version}"

    def at(self, version: int) -> SecretRef:
        return SecretRef(self.name, version)


def is_secret_ref(text: str) -> bool:
    """Whether the text means to be a reference; it may still be a malformed one."""
    return text.startswith(SCHEME)


def parse_secret_ref(text: str) -> SecretRef:
    """`secret://openai@3` → SecretRef("openai", 3). Raises SecretRefError."""
    if not is_secret_ref(text):
        raise SecretRefError("a reference to a secret starts with secret://")
    name, at, version = text.removeprefix(SCHEME).partition("@")
    if at and not _VERSION.fullmatch(version):
        raise SecretRefError("a secret's version is a whole number from 1: secret://<name>@<version>")
    return SecretRef(name, int(version) if at else None)
