"""The consumer document, `consumer/v1`: an overlay of what one consumer may do, never a copy of the workspace's."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from contract.fields import BaseUrl, Items, Name, Optionally, Part, in_two, refuse, says
from contract.limits import Budget, LimitsClass
from contract.own_secrets import CredentialKind
from contract.secret_refs import SecretRefError, parse_secret_ref
from contract.words import known_word
from contract.workspace_document import Count

ConsumerId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$")]
OwnBackendName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]

Mode = Literal["EXCLUSIVE", "PREFERRED", "FALLBACK"]
"""How a consumer's own backends and the platform's share its requests: own only; own first; the platform's first."""


def _versioned(value: str) -> str:
    try:
        version = parse_secret_ref(value).version
    except SecretRefError as problem:
        raise refuse("secret", *in_two(str(problem))) from None
    if version is None:
        raise refuse("secret", "names a secret without its version", "write secret://<name>@<version>")
    return value


class OwnCredential(Part):
    """Which secret a backend of the consumer's presents, and the only origin it may be sent to (`https://host:port`).

    An `api_key` is presented as it is, `oauth` and `gcp` by access tokens that the data plane gets for them, `aws` by
    signatures.
    """

    kind: Annotated[CredentialKind, says("what the secret is, and so how it is presented")]
    ref: Annotated[
        str,
        StringConstraints(max_length=300),
        AfterValidator(_versioned),
        says("the secret and its version, secret://<name>@<version>"),
    ]
    origin: Annotated[BaseUrl, says("the only place it may be sent to, https://host:port")]


class OwnBackend(Part):
    """A place where the consumer's own credential counts, as it is saved: its settings without the credential.

    Without `base_url` it is where the workspace reaches that provider. `models` are the workspace's names; empty means
    all whose provider it is, so one of the two is needed. Lower priorities are tried first, then greater weights.
    """

    name: Annotated[OwnBackendName, says("what its owner calls it; unique among the consumer's own")]
    provider: Annotated[
        Optionally[Name], says("whose models it serves: a provider, type or name of the workspace's backend_refs")
    ] = None
    protocol: Annotated[Optionally[Name], says("the protocol that it speaks")] = None
    base_url: Annotated[
        Optionally[BaseUrl], says("where it is; not written: where the workspace reaches that provider")
    ] = None
    models: Annotated[Items[Name], says("which of the workspace's models it serves; none: all of its provider")] = ()
    weight: Annotated[Count, says("among equal priorities the greatest is tried first")] = 1
    priority: Annotated[Count, says("the lowest is tried first")] = 0


class ConsumerBackend(OwnBackend):
    """The same as it is delivered."""

    credential: OwnCredential


class ConsumerDocument(Part):
    """`models` is the allow-list; empty means every model of the workspace.

    `groups` say where the consumer belongs; they restrict nothing by themselves, routes name them. `backends` and
    `mode` stand in delivered documents only: they are saved by themselves, with their credentials.
    """

    version: Annotated[Literal["consumer/v1"], says("always consumer/v1")]
    consumer_id: Annotated[ConsumerId, says("whose document this is")]
    enabled: Annotated[bool, says("false: every request of the consumer is refused")] = True
    groups: Annotated[Items[Name], says("where the consumer belongs; routes name them")] = ()
    models: Annotated[Items[Name], says("what may be asked for; none: every model of the workspace")] = ()
    limits_class: Annotated[
        Optionally[Annotated[LimitsClass, known_word(LimitsClass, "class of limits")]],
        says("requests a minute; rpm-50 is 50, with 1,000 tokens for each"),
    ] = None
    budget: Budget | None = None
    backends: Annotated[Items[ConsumerBackend], says("the consumer's own places; in delivered documents only")] = ()
    mode: Annotated[
        Mode | None, says("how its own backends and the platform's share requests; in delivered documents only")
    ] = None
