"""The plugins that change a request, an answer or their headers, answer at once, or keep a record."""

from __future__ import annotations

from typing import Annotated, Literal

from contract.fields import HeaderName, HeaderValue, Items, Name, Part, Share, says
from contract.routing.values import OpenPart, Positive, Prompt, Whole, filled
from contract.words import choice

PromptMode = Literal["replace", "insert"]
FindingAction = Literal["header", "body", "none"]
JailbreakAction = Literal["header", "block", "none"]


class SystemPrompt(OpenPart):
    """A system prompt that is put before the one of the request, or replaces it."""

    enabled: Annotated[bool, says("whether the plugin does anything")] = True
    system_prompt: Annotated[Prompt, says("what the model is told")] = ""
    mode: Annotated[
        PromptMode,
        choice(PromptMode, "mode", "insert"),
        says("before the request's own system prompt, or in its place; where it has none it is added"),
    ] = "insert"


class HeaderPair(OpenPart):
    """A header and its value."""

    name: Annotated[HeaderName, says("the header")]
    value: Annotated[HeaderValue, says("its value")]


class HeaderMutation(OpenPart):
    """Headers of the request to the model that are added, set anew or taken out."""

    add: Annotated[Items[HeaderPair], says("headers that the request gets")] = ()
    update: Annotated[Items[HeaderPair], says("headers whose value is replaced")] = ()
    delete: Annotated[Items[HeaderName], says("headers that are taken out")] = ()


class Hallucination(OpenPart):
    """What becomes of an answer that its sources do not bear out."""

    enabled: Annotated[bool, says("whether the plugin does anything")] = False
    use_nli: Annotated[bool, says("whether a model of inference decides, too, what a source bears out")] = False
    hallucination_action: Annotated[
        FindingAction | None,
        choice(FindingAction, "hallucination_action"),
        says("what an answer gets that was found out: a header, a note in its text, or nothing"),
    ] = None
    unverified_factual_action: Annotated[
        FindingAction | None,
        choice(FindingAction, "unverified_factual_action"),
        says("the same for one that states facts which nothing could be held against"),
    ] = None
    include_hallucination_details: Annotated[bool, says("whether the spans that were found are told")] = False


class RouterReplay(OpenPart):
    """Which requests are kept for a replay; absent `enabled` follows global.services.router_replay."""

    enabled: Annotated[bool | None, says("whether requests are recorded")] = None
    max_records: Annotated[Positive, says("how many are kept; the oldest go first")] = 10_000
    capture_request_body: Annotated[bool, says("whether the request's body is recorded")] = True
    capture_response_body: Annotated[bool, says("whether the answer's body is recorded")] = True
    max_body_bytes: Annotated[Positive, says("how much of a body")] = 4096
    max_tool_trace_bytes: Annotated[Whole, says("how much of each text of a tool's trace; 0: all of it")] = 0
    max_tool_trace_steps: Annotated[Whole, says("how many steps of a tool's trace; 0: all of them")] = 100


class FastResponse(OpenPart):
    """An answer that is given at once, without a model."""

    message: Annotated[Prompt, filled("message", "is required"), says("the whole answer")]


class RequestParams(OpenPart):
    """Parameters of the request that are taken out or capped."""

    blocked_params: Annotated[Items[Name], says("names of parameters that are taken out")] = ()
    max_tokens_limit: Annotated[Positive | None, says("the most that max_tokens may be; what is above is lowered")] = (
        None
    )
    max_n: Annotated[Positive | None, says("the most that n may be; what is above is lowered")] = None
    strip_unknown: Annotated[bool, says("whether only the known parameters of a chat completion are kept")] = False


class ResponseJailbreak(Part):
    """What becomes of an answer that looks like that of a model led astray."""

    enabled: Annotated[bool, says("whether the plugin does anything")] = False
    threshold: Annotated[
        Share | None, says("the least score that counts; not written: that of the module prompt_guard")
    ] = None
    action: Annotated[
        JailbreakAction | None,
        choice(JailbreakAction, "action"),
        says("what such an answer gets: a header, a refusal in its place, or nothing"),
    ] = None
