"""Which headers must not cross the gateway, in either place where they are taken away."""

from __future__ import annotations

from collections.abc import Iterable

from liaison_agent.compiler import names
from liaison_agent.compiler.packing import Fields, extension

_MUTATION = names.HTTP_FILTERS + "header_mutation.v3.HeaderMutation"
_EARLY_MUTATION = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"

# Whatever usually carries a credential, under any vendor's prefix: `x-goog-api-key`, `x-amz-security-token`, `cookie`.
_CREDENTIALS: tuple[tuple[str, str], ...] = (
    *(("contains", word) for word in ("authorization", "api-key", "apikey", "access-key", "subscription-key")),
    *(("contains", word) for word in ("cookie", "credential", "password", "secret")),
    *(("suffix", word) for word in ("-token", "-auth")),
)
# Who the client is to us, or to its own account at the provider: neither is the provider's to know.
_IDENTITIES = (names.CONSUMER_HEADER, "openai-organization", "openai-project", "forwarded", "via", "x-real-ip")
# Envoy's own, among them the host of the attempt before.
_INTERNAL = ("x-forwarded-", "x-envoy-", names.INTERNAL_HEADER_PREFIX)


def strip_headers() -> Fields:
    """An upstream filter that takes away everything that a provider must not see.

    Many plain comparisons, because Envoy refuses a regular expression that holds them all.
    """
    matched = (*_CREDENTIALS, *(("prefix", prefix) for prefix in _INTERNAL))
    removed: list[Fields] = [{"remove_on_match": {"key_matcher": {how: text}}} for how, text in matched]
    named: list[Fields] = [{"remove": name} for name in _IDENTITIES]
    return extension("strip", _MUTATION, mutations={"request_mutations": [*removed, *named]})


def add_headers(headers: Iterable[tuple[str, str]]) -> Fields:
    """An upstream filter that sets these headers, whatever the client sent under their names."""
    appended = [
        {
            "append": {
                "header": {"key": name, "value": value.replace("%", "%%")},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        }
        for name, value in headers
    ]
    return extension("extra_headers", _MUTATION, mutations={"request_mutations": appended})


def early_strip() -> Fields:
    """Takes away, before the first route lookup, the headers by which Envoy and we speak to ourselves.

    A client that could send `x-consumer` would be routed as somebody else, `x-envoy-…` changes timeouts, retries.
    """
    prefixes = ("x-envoy-", names.INTERNAL_HEADER_PREFIX)
    removed: list[Fields] = [{"remove_on_match": {"key_matcher": {"prefix": prefix}}} for prefix in prefixes]
    own = [{"remove": header} for header in (names.CONSUMER_HEADER, "x-request-id")]
    return extension("early_strip", _EARLY_MUTATION, mutations=[*own, *removed])
