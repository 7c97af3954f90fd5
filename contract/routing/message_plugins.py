"""The plugins that change a request, an answer or their headers, answer at once, or keep a record."""

from __future__ import annotations

from typing import Annotated, Literal

from contract.fields import HeaderName, HeaderValue, Items, Name, Part
from contract.routing.choices import OpenPart, Positive, Prompt, Unit, Whole, choice, filled

PromptMode = Literal["replace", "insert"]
FindingAction = Literal["header", "body", "none"]
JailbreakAction = Literal["header", "block", "none"]


class SystemPrompt(OpenPart):
    """A system prompt that is put before the one of the request, or replaces it."""

    enabled: bool = True
    system_prompt: Prompt = ""
    mode: Annotated[PromptMode, choice(PromptMode, "mode", "insert")] = "insert"


class HeaderPair(OpenPart):
    """A header and its value."""

    name: HeaderName
    value: HeaderValue


class HeaderMutation(OpenPart):
    """Headers of the request to the model that are added, set anew or taken out."""

    add: Items[HeaderPair] = ()
    update: Items[HeaderPair] = ()
    delete: Items[HeaderName] = ()


class Hallucination(OpenPart):
    """What becomes of an answer that its sources do not bear out."""

    enabled: bool = False
    use_nli: bool = False
    hallucination_action: Annotated[FindingAction | None, choice(FindingAction, "hallucination_action")] = None
    unverified_factual_action: Annotated[FindingAction | None, choice(FindingAction, "unverified_factual_action")] = (
        None
    )
    include_hallucination_details: bool = False


class RouterReplay(OpenPart):
    """Which requests are kept for a replay; absent `enabled` follows global.services.router_replay."""

    enabled: bool | None = None
    max_records: Positive = 10_000
    capture_request_body: bool = True
    capture_response_body: bool = True
    max_body_bytes: Positive = 4096
    max_tool_trace_bytes: Whole = 0
    max_tool_trace_steps: Whole = 100


class FastResponse(OpenPart):
    """An answer that is given at once, without a model."""

    message: Annotated[Prompt, filled("message", "is required")]


class RequestParams(OpenPart):
    """Parameters of the request that are taken out or capped."""

    blocked_params: Items[Name] = ()
    max_tokens_limit: Positive | None = None
    max_n: Positive | None = None
    strip_unknown: bool = False


class ResponseJailbreak(Part):
    """What becomes of an answer that looks like that of a model led astray."""

    enabled: bool = False
    threshold: Unit | None = None
    action: Annotated[JailbreakAction | None, choice(JailbreakAction, "action")] = None
