"""The section routing.signals: one list of named rules for each family."""

from __future__ import annotations

from contract.fields import Items, Part
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

    keywords: Items[KeywordRule] = ()
    embeddings: Items[EmbeddingRule] = ()
    domains: Items[Domain] = ()
    fact_check: Items[FactCheckRule] = ()
    user_feedbacks: Items[UserFeedbackRule] = ()
    reasks: Items[ReaskRule] = ()
    preferences: Items[PreferenceRule] = ()
    language: Items[LanguageRule] = ()
    context: Items[ContextRule] = ()
    structure: Items[StructureRule] = ()
    complexity: Items[ComplexityRule] = ()
    modality: Items[ModalityRule] = ()
    role_bindings: Items[RoleBinding] = ()
    jailbreak: Items[JailbreakRule] = ()
    pii: Items[PiiRule] = ()
    kb: Items[KbRule] = ()
    conversation: Items[ConversationRule] = ()
    events: Items[EventRule] = ()
    metadata: Items[MetadataRule] = ()
    classifiers: Items[ClassifierRule] = ()
