"""The section routing.signals: one list of named rules for each family."""

from __future__ import annotations

from typing import Annotated

from contract.fields import Items, Part, says
from contract.routing.model_signals import (
    ClassifierRule,
    FactCheckRule,
    JailbreakRule,
    KbRule,
    PiiRule,
    UserFeedbackRule,
)
from contract.routing.request_signals import (
    ConversationRule,
    EventRule,
    MetadataRule,
    ModalityRule,
    ReaskRule,
    RoleBinding,
)
from contract.routing.text_signals import (
    ComplexityRule,
    ContextRule,
    Domain,
    EmbeddingRule,
    KeywordRule,
    LanguageRule,
    PreferenceRule,
    StructureRule,
)


class Signals(Part):
    """What is found out about a request before decisions are made; names are unique in their family."""

    keywords: Annotated[Items[KeywordRule], says("words and patterns in the text")] = ()
    embeddings: Annotated[Items[EmbeddingRule], says("likeness to examples")] = ()
    domains: Annotated[Items[Domain], says("fields of knowledge")] = ()
    fact_check: Annotated[Items[FactCheckRule], says("whether an answer wants checking against facts")] = ()
    user_feedbacks: Annotated[Items[UserFeedbackRule], says("what the user thinks of the last answer")] = ()
    reasks: Annotated[Items[ReaskRule], says("questions that are asked again")] = ()
    preferences: Annotated[Items[PreferenceRule], says("how people like to be answered")] = ()
    language: Annotated[Items[LanguageRule], says("the language of the text")] = ()
    context: Annotated[Items[ContextRule], says("the length of the request in tokens")] = ()
    structure: Annotated[Items[StructureRule], says("the shape of the text")] = ()
    complexity: Annotated[Items[ComplexityRule], says("how difficult the request is")] = ()
    modality: Annotated[Items[ModalityRule], says("whether a text or an image is wanted")] = ()
    role_bindings: Annotated[Items[RoleBinding], says("the role of the caller; rules name it by type authz")] = ()
    jailbreak: Annotated[Items[JailbreakRule], says("attempts to talk a model out of its rules")] = ()
    pii: Annotated[Items[PiiRule], says("personal data")] = ()
    kb: Annotated[Items[KbRule], says("likeness to what a knowledge base holds")] = ()
    conversation: Annotated[Items[ConversationRule], says("what was said and called before")] = ()
    events: Annotated[Items[EventRule], says("events that the text reports")] = ()
    metadata: Annotated[Items[MetadataRule], says("what the caller says of the request")] = ()
    classifiers: Annotated[Items[ClassifierRule], says("labels that a model gives")] = ()
