"""Signals that are read from what comes with a text: who asks, what was said before, metadata, events, modality."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from contract.fields import Items, Name, Part, Text
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

    kind: Annotated[SubjectKind, known_word(SubjectKind, "kind", str.capitalize)]
    name: Name


class RoleBinding(Part):
    """Gives a role to users and groups. Rules name the role: `type: authz, name: <role>`."""

    name: Name
    description: Text = ""
    role: Name
    subjects: Items[Subject]


class ReaskRule(Part):
    """Matches when the user asks again what was asked in the last `lookback_turns` turns."""

    name: Name
    description: Text = ""
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.8
    lookback_turns: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class ConversationSource(Part):
    """What is counted; `role` narrows messages down."""

    type: Annotated[ConversationSourceType, known_word(ConversationSourceType, "feature.source.type")]
    role: Annotated[ConversationRole, known_word(ConversationRole, "source.role")] | None = None


class ConversationFeature(Part):
    type: Annotated[ConversationFeatureType, known_word(ConversationFeatureType, "feature.type")]
    source: ConversationSource


class ConversationRule(Part):
    """A count over the messages and tools of a request; without a predicate a count always matches."""

    name: Name
    description: Text = ""
    feature: ConversationFeature
    predicate: NumericPredicate | None = None


class EventRule(Part):
    """Events that a text reports: their types, severities, codes, and words of urgency."""

    name: Name
    description: Text = ""
    event_types: Items[Name] = ()
    severities: Items[Name] = ()
    action_codes: Items[Name] = ()
    temporal: bool = False


class MetadataPredicate(Part):
    """Exactly one of the three."""

    equals: Text | None = None
    in_: Items[Text] = Field(default=(), alias="in")
    exists: bool | None = None


class MetadataRule(Part):
    """Compares what callers say of themselves; it grants nothing."""

    name: Name
    description: Text = ""
    key: Name
    predicate: MetadataPredicate


class ModalityRule(Part):
    """What kind of answer is asked for: text (`AR`), an image (`DIFFUSION`) or `BOTH`."""

    name: Annotated[Output, known_word(Output, "modality")]
    description: Text = ""
