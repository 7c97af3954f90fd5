"""Signals that are read from what comes with a text: who asks, what was said before, metadata, events, modality."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from contract.fields import Items, Name, Part, Text, says
from contract.routing.numeric_predicates import NumericPredicate
from contract.words import known_word

SubjectKind = Literal["User", "Group"]
ConversationFeatureType = Literal["count", "exists"]
ConversationSourceType = Literal[
    "message", "tool_definition", "assistant_tool_call", "assistant_tool_cycle", "active_tool_loop", "image_content"
]
ConversationRole = Literal["user", "assistant", "system", "developer", "tool", "non_user"]
Output = Literal["AR", "DIFFUSION", "BOTH"]


class Subject(Part):
    """A user or a group of the caller's identity."""

    kind: Annotated[
        SubjectKind, known_word(SubjectKind, "kind", str.capitalize), says("whether name is a user's id or a group's")
    ]
    name: Annotated[Name, says("the user's id, or the group")]


class RoleBinding(Part):
    """Gives a role to users and groups. Rules name the role: `type: authz, name: <role>`."""

    name: Annotated[Name, says("what it is called; unique, and not what rules name")]
    description: Annotated[Text, says("for people")] = ""
    role: Annotated[Name, says("what rules name")]
    subjects: Annotated[Items[Subject], says("who has the role; one of them is enough")]


class ReaskRule(Part):
    """Matches when the user asks again what was asked in the last `lookback_turns` turns."""

    name: Annotated[Name, says("what rules call it; unique in its family")]
    description: Annotated[Text, says("for people")] = ""
    threshold: Annotated[
        float, Field(ge=0, le=1), says("the least similarity of two turns that counts as asked again")
    ] = 0.8
    lookback_turns: Annotated[
        int, Field(ge=1, le=1_000_000), says("how many earlier turns in a row have to be as similar")
    ] = 1


class ConversationSource(Part):
    """What is counted; `role` narrows messages down."""

    type: Annotated[
        ConversationSourceType, known_word(ConversationSourceType, "feature.source.type"), says("what is counted")
    ]
    role: Annotated[
        Annotated[ConversationRole, known_word(ConversationRole, "source.role")] | None, says("of messages: whose")
    ] = None


class ConversationFeature(Part):
    """What is counted of a conversation, and whether its number or its presence matters."""

    type: Annotated[
        ConversationFeatureType,
        known_word(ConversationFeatureType, "feature.type"),
        says("the number, or whether there is any"),
    ]
    source: ConversationSource


class ConversationRule(Part):
    """A count over the messages and tools of a request; without a predicate a count always matches."""

    name: Annotated[Name, says("what rules call it; unique in its family")]
    description: Annotated[Text, says("for people")] = ""
    feature: ConversationFeature
    predicate: NumericPredicate | None = None


class EventRule(Part):
    """Events that a text reports: their types, severities, codes, and words of urgency."""

    name: Annotated[Name, says("what rules call it; unique in its family")]
    description: Annotated[Text, says("for people")] = ""
    event_types: Annotated[Items[Name], says("words for what happened; any of them counts")] = ()
    severities: Annotated[Items[Name], says("words for how bad it is; any of them counts")] = ()
    action_codes: Annotated[Items[Name], says("codes of what is to be done; any of them counts")] = ()
    temporal: Annotated[bool, says("whether words of urgency count")] = False


class MetadataPredicate(Part):
    """Exactly one of the three."""

    equals: Annotated[Text | None, says("the text that the value has to be")] = None
    in_: Annotated[Items[Text], says("the texts of which the value has to be one")] = Field(default=(), alias="in")
    exists: Annotated[bool | None, says("whether there has to be a value, or must be none")] = None


class MetadataRule(Part):
    """Compares what callers say of themselves; it grants nothing."""

    name: Annotated[Name, says("what rules call it; unique in its family, whatever its case")]
    description: Annotated[Text, says("for people")] = ""
    key: Annotated[Name, says("which of the request's metadata")]
    predicate: MetadataPredicate


class ModalityRule(Part):
    """What kind of answer is asked for: text (`AR`), an image (`DIFFUSION`) or `BOTH`."""

    name: Annotated[
        Output, known_word(Output, "modality"), says("which answer: text, an image, or both; rules name it so")
    ]
    description: Annotated[Text, says("for people")] = ""
