"""The plugin response_cache: when an answer may be reused, for whom, and what callers may ask of it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from contract.faults import FaultLog, under
from contract.fields import HeaderName, Items, Name, Optionally, Part, Share, says
from contract.routing.values import Whole
from contract.words import choice

CacheMode = Literal["semantic", "exact", "exact_then_semantic"]
CacheScope = Literal["user", "team", "tenant", "global"]
CacheControl = Literal["no-cache", "no-store", "bypass", "max-age", "ttl"]
PersonalizedMode = Literal["disabled", "exact"]

_NEW_OF_OLD: Final = {
    "similarity_threshold": "semantic.similarity_threshold",
    "allow_request_controls": "request_controls.enabled",
    "control_header": "request_controls.header",
}
_OLD: Final = Field(default=None, json_schema_extra={"deprecated": True})


class SemanticCache(Part):
    """How alike two requests must be; absent follows the global cache."""

    similarity_threshold: Annotated[Share | None, says("the least likeness of two requests")] = None


class CacheRequestControls(Part):
    """What callers may say of their own request in the header."""

    enabled: Annotated[bool, says("whether callers may say anything")] = False
    header: Annotated[Optionally[HeaderName], says("the header they say it in; not written: the router's own")] = None
    allowed: Annotated[
        Items[Annotated[CacheControl, choice(CacheControl, "request control")]],
        says("what they may say; none: all of it"),
    ] = ()
    max_ttl_seconds: Annotated[Whole | None, says("how long a caller may ask an answer to be kept")] = None


class PersonalizedCache(Part):
    """Whether answers made with memories or documents may be reused."""

    mode: Annotated[
        PersonalizedMode,
        choice(PersonalizedMode, "personalized.mode", "disabled"),
        says("never, or for requests that are the same to the letter"),
    ] = "disabled"


class CacheRevision(Part):
    """Words that belong to every key of the cache: changing one forgets what was cached."""

    cache_epoch: Annotated[Optionally[Name], says("of the cache as a whole")] = None
    model_revision: Annotated[Optionally[Name], says("of the model")] = None
    prompt_revision: Annotated[Optionally[Name], says("of the prompts")] = None
    policy_revision: Annotated[Optionally[Name], says("of what may be answered")] = None


class ResponseCache(Part):
    """Answers that are reused; `ttl_seconds` 0 stores nothing, absent follows the global cache.

    `similarity_threshold`, `allow_request_controls` and `control_header` are old spellings of `semantic` and
    `request_controls`.
    """

    enabled: Annotated[bool, says("whether the plugin does anything")] = False
    mode: Annotated[
        CacheMode,
        choice(CacheMode, "mode", "semantic"),
        says("whether requests have to be alike, the same, or the same first and alike then"),
    ] = "semantic"
    scope: Annotated[CacheScope, choice(CacheScope, "scope", "user"), says("with whom an answer is shared")] = "user"
    semantic: SemanticCache = SemanticCache()
    request_controls: CacheRequestControls = CacheRequestControls()
    personalized: PersonalizedCache = PersonalizedCache()
    revision: CacheRevision = CacheRevision()
    ttl_seconds: Annotated[Whole | None, says("for how long an answer is kept")] = None
    similarity_threshold: Share | None = _OLD
    allow_request_controls: bool | None = _OLD
    control_header: Optionally[HeaderName] = _OLD

    @model_validator(mode="wrap")
    @classmethod
    def _respelled(cls, raw: Any, build: ModelWrapValidatorHandler[ResponseCache]) -> ResponseCache:
        """Old spellings say what the new ones say; documents that mean the same are the same."""
        cache = build(raw)
        update: dict[str, Any] = dict.fromkeys(_NEW_OF_OLD)
        if cache.similarity_threshold is not None:
            update["semantic"] = SemanticCache(similarity_threshold=cache.similarity_threshold)
        if cache.allow_request_controls is not None or cache.control_header is not None:
            update["request_controls"] = CacheRequestControls(
                enabled=bool(cache.allow_request_controls), header=cache.control_header
            )
        return cache.model_copy(update=update)


def check_response_cache(configuration: dict[str, Any], path: str, log: FaultLog) -> None:
    """An old spelling stands beside no new one."""
    for old, new in _NEW_OF_OLD.items():
        holder = new.partition(".")[0]
        if old not in configuration:
            continue
        if holder in configuration:
            log.add(under(path, old), "conflict", f"{old} conflicts with {holder}", f"keep {new} alone")
        else:
            log.warn(under(path, old), "deprecated", f"{old} is the old spelling of {new}", f"write {new}")
