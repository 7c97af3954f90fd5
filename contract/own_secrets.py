"""What the secrets of consumers' own backends are called: from the name one knows whose it is and of which kind."""

from __future__ import annotations

import re
from typing import Final, Literal

CredentialKind = Literal["api_key", "oauth", "aws", "gcp"]
"""A key presented as it is; a client, or an account, whose access tokens are presented; keys that sign requests."""

API_KEY: Final = "api_key"
OAUTH: Final = "oauth"
AWS: Final = "aws"
GCP: Final = "gcp"
KINDS: Final[tuple[CredentialKind, ...]] = ("api_key", "oauth", "aws", "gcp")
MINTED: Final = frozenset({OAUTH, GCP})
"""The kinds that are never presented themselves: access tokens are got for them."""

_PREFIX: Final = "byok"
_NAME: Final = re.compile(r"byok(?:-(?P<kind>oauth|aws|gcp))?/(?P<consumer>.+)/[^/]+")


def own_secret_name(consumer_id: str, backend: str, kind: str = API_KEY) -> str:
    """`byok/<consumer>/<backend>` for a key, `byok-<kind>/…` for another kind. No id holds a slash, so one stands for
    @, which no secret's name may hold; two consumers never share a name.

    Kinds never share a name either: the newest value of a name may serve an older document, and there a client's secret
    must not be taken for a key.
    """
    prefix = _PREFIX if kind == API_KEY else f"{_PREFIX}-{kind}"
    return f"{prefix}/{consumer_id.replace('@', '/')}/{backend}"


def own_secret_beginnings(consumer_id: str) -> tuple[str, ...]:
    """How the names of all of a consumer's secrets begin; another's may begin so as well."""
    return tuple(own_secret_name(consumer_id, "", kind) for kind in KINDS)


def consumer_of_secret(name: str) -> str | None:
    """The consumer whose secret that is; None for the workspace's own."""
    found = _NAME.fullmatch(name)
    return found["consumer"].replace("/", "@") if found else None


def kind_of_secret(name: str) -> str | None:
    """The kind of a consumer's credential; None for the workspace's own secrets."""
    found = _NAME.fullmatch(name)
    return (found["kind"] or API_KEY) if found else None
