"""What the secrets of consumers' own backends are called: from the name one knows whose it is, and the reverse."""

from __future__ import annotations

from typing import Final

_PREFIX: Final = "byok/"


def own_secret_name(consumer_id: str, backend: str) -> str:
    """`byok/<consumer>/<backend>`. No id holds a slash, so one stands for @, which no secret's name may hold; two
    consumers never share a name.
    """
    return f"{_PREFIX}{consumer_id.replace('@', '/')}/{backend}"


def consumer_of_secret(name: str) -> str | None:
    """The consumer whose secret that is; None for the workspace's own."""
    if not name.startswith(_PREFIX):
        return None
    return name.removeprefix(_PREFIX).rpartition("/")[0].replace("/", "@")
