"""The plugin context_compression: what of a long request is shortened, from when on and how far."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from contract.faults import FaultLog, under
from contract.fields import HeaderName, Items, Name, Optionally, Part, refuse, says
from contract.plain_values import section, text
from contract.routing.values import Whole
from contract.words import choice

CompressionMode = Literal["auto", "always"]
TargetMode = Literal["preserve", "extractive", "recoverable"]
ScoringMethod = Literal["bm25", "embedding", "hybrid"]
RecoveryStore = Literal["redis", "valkey", "response_cache"]
CompressionControl = Literal["bypass", "target"]
FailureMode = Literal["fail_open", "fail_closed"]

_TARGETS: Final = ("tool_outputs", "history", "rag", "memory")
_TOOL_OUTPUTS: Final = {"min_tokens": 2000, "target_tokens": 1000}


def _tokens(value: Any) -> Any:
    """`auto` or a count, which may be written as text."""
    word = value.strip().lower() if isinstance(value, str) else ""
    if word == "auto" or value == "":
        return "auto"
    if word.isascii() and word.isdigit() and len(word) <= 15:
        return int(word)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 2**53:
        return value
    raise refuse("value", "should be a count of tokens, 0 or more, or auto", "write auto to leave it to the router")


def _zero_means(default: int) -> BeforeValidator:
    return BeforeValidator(lambda count: default if count == 0 and count is not False else count)


TokenLimit = Annotated[
    int | Literal["auto"],
    PlainValidator(_tokens),
    WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 0}]}),
]


class CompressionBudget(Part):
    """When compression starts, how far it goes, and what is left for the answer, in tokens."""

    trigger_tokens: Annotated[TokenLimit, says("a longer request is shortened; auto: by the model's context")] = "auto"
    target_tokens: Annotated[TokenLimit, says("to so many; below the trigger")] = "auto"
    reserve_output_tokens: Annotated[TokenLimit, says("what is left for the answer")] = "auto"


class CompressionTarget(Part):
    """How one part of a request is treated; 0 sets no bound."""

    mode: Annotated[
        TargetMode,
        choice(TargetMode, "target mode", "preserve"),
        says("left as it is, cut down to what matters, or cut down so that the model can ask for the rest"),
    ] = "preserve"
    min_tokens: Annotated[Whole, says("what is shorter is left as it is")] = 0
    target_tokens: Annotated[Whole, says("to so many; below min_tokens")] = 0


class ToolOutputs(Part):
    """How tool outputs are treated; they are shortened unless told otherwise, and 0 means the default."""

    mode: Annotated[
        TargetMode,
        choice(TargetMode, "target mode", "extractive"),
        says("left as they are, cut down to what matters, or cut down so that the model can ask for the rest"),
    ] = "extractive"
    min_tokens: Annotated[Whole, _zero_means(_TOOL_OUTPUTS["min_tokens"]), says("what is shorter is left as it is")] = (
        _TOOL_OUTPUTS["min_tokens"]
    )
    target_tokens: Annotated[
        Whole, _zero_means(_TOOL_OUTPUTS["target_tokens"]), says("to so many; below min_tokens")
    ] = _TOOL_OUTPUTS["target_tokens"]


class CompressionTargets(Part):
    """The parts of a request."""

    tool_outputs: ToolOutputs = ToolOutputs()
    history: CompressionTarget = CompressionTarget()
    rag: CompressionTarget = CompressionTarget()
    memory: CompressionTarget = CompressionTarget()


class CompressionScoring(Part):
    """What is worth keeping; embedding and hybrid need a model."""

    method: Annotated[
        ScoringMethod,
        choice(ScoringMethod, "scoring.method", "bm25"),
        says("by the words of the request, by likeness of meaning, or by both"),
    ] = "bm25"
    embedding_model_ref: Annotated[Optionally[Name], says("the model that tells likeness")] = None


class CompressionRecovery(Part):
    """Whether the model may ask for what was left out, and for how long and how much is kept."""

    enabled: Annotated[bool, says("whether it may")] = False
    store: Annotated[
        RecoveryStore | None,
        choice(RecoveryStore, "recovery.store"),
        says("where what was left out is kept; needed once it is enabled"),
    ] = None
    ttl_seconds: Annotated[Whole, says("for how long")] = 900
    max_bytes_per_request: Annotated[Whole, says("how much of one request")] = 10 * 1024 * 1024
    max_total_bytes: Annotated[Whole, says("how much in all")] = 256 * 1024 * 1024
    max_retrievals: Annotated[Whole, says("how often the model may ask in one request")] = 8


class CompressionRequestControls(Part):
    """What callers may say of their own request in the header."""

    enabled: Annotated[bool, says("whether they may say anything")] = False
    header: Annotated[Optionally[HeaderName], says("the header they say it in; not written: the router's own")] = None
    allowed: Annotated[
        Items[Annotated[CompressionControl, choice(CompressionControl, "request control")]],
        says("what they may say: to go without, or another target"),
    ] = ()
    max_target_tokens: Annotated[Whole, says("the greatest target they may ask for")] = 16000


class ContextCompression(Part):
    """Long requests that are shortened before they reach the model."""

    enabled: Annotated[bool, says("whether the plugin does anything")] = False
    mode: Annotated[
        CompressionMode,
        choice(CompressionMode, "mode", "auto"),
        says("only requests that are too long, or every request"),
    ] = "auto"
    budget: CompressionBudget = CompressionBudget()
    targets: CompressionTargets = CompressionTargets()
    scoring: CompressionScoring = CompressionScoring()
    recovery: CompressionRecovery = CompressionRecovery()
    request_controls: CompressionRequestControls = CompressionRequestControls()
    failure_mode: Annotated[
        FailureMode,
        choice(FailureMode, "failure_mode", "fail_open"),
        says("what becomes of a request that cannot be shortened: it goes on as it is, or fails"),
    ] = "fail_open"


def check_context_compression(configuration: dict[str, Any], path: str, log: FaultLog) -> None:
    """Every target lies below what triggers it; what scoring and recovery need is there."""
    _check_below(section(configuration, "budget"), "trigger_tokens", {}, under(path, "budget"), log)
    for name in _TARGETS:
        target, at = section(section(configuration, "targets"), name), under(under(path, "targets"), name)
        _check_below(target, "min_tokens", _TOOL_OUTPUTS if name == "tool_outputs" else {}, at, log)
    scoring = section(configuration, "scoring")
    method = text(scoring, "method")
    if method in ("embedding", "hybrid") and not text(scoring, "embedding_model_ref").strip():
        at = under(under(path, "scoring"), "embedding_model_ref")
        log.add(at, "required", f"scoring.embedding_model_ref is required for {method}", "name the embedding model")
    recovery = section(configuration, "recovery")
    if recovery.get("enabled") is True and not text(recovery, "store"):
        at = under(under(path, "recovery"), "store")
        log.add(
            at,
            "required",
            "recovery.store is required when recovery is enabled",
            "use one of: redis, valkey, response_cache",
        )


def _check_below(holder: dict[str, Any], upper: str, defaults: dict[str, int], path: str, log: FaultLog) -> None:
    """0 and auto set no bound; where there is a default it stands for both."""
    most, target = (_count(holder.get(key)) or defaults.get(key, 0) for key in (upper, "target_tokens"))
    if 0 < most <= target:
        message = f"target_tokens must be less than {upper}"
        log.add(under(path, "target_tokens"), "range", message, f"write a target below {most}")


def _count(value: Any) -> int:
    """The count that is written, if one is; what is none has its own fault."""
    try:
        counted = _tokens(value)
    except ValueError:
        return 0
    return counted if isinstance(counted, int) else 0
