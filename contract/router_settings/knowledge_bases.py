"""Knowledge bases: labelled examples in a folder of the router's, their groups, and numbers made of them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from contract.fields import Items, Name, Part, Share, says
from contract.router_settings.prototypes import PrototypeScoring
from contract.router_settings.values import Line


class KnowledgeBaseSource(Part):
    """A folder relative to the router's configuration, and the file in it that lists the labels."""

    path: Annotated[Line, says("the folder")]
    manifest: Annotated[Line, says("the file")] = "labels.json"


class KnowledgeBaseMetric(Part):
    """How much nearer a text is to one group than to another."""

    name: Annotated[Name, says("what projections call it; unique in its knowledge base")]
    type: Annotated[Literal["group_margin"], says("how the number is made")]
    positive_group: Annotated[Line, says("nearness to it counts for")] = ""
    negative_group: Annotated[Line, says("nearness to it counts against")] = ""


class KnowledgeBase(Part):
    """Texts near to its labelled examples are of that label; above the threshold they match."""

    name: Annotated[Name, says("what signals and projections call it; unique")]
    source: KnowledgeBaseSource
    threshold: Annotated[Share, says("the least likeness that is of a label")] = 0.0
    label_thresholds: Annotated[dict[Name, Share], says("by label, another threshold")] = {}
    groups: Annotated[dict[Name, Items[Name]], says("by group, its labels")] = {}
    metrics: Annotated[Items[KnowledgeBaseMetric], says("numbers made of nearness to groups")] = ()
    prototype_scoring: PrototypeScoring = PrototypeScoring()


_SECURITY: Final = ("prompt_injection", "credential_exfiltration", "jailbreak_role", "system_prompt_extraction")
_PRIVACY: Final = (
    "proprietary_code",
    "internal_document",
    "pii",
    "business_strategy",
    "trade_secret_ip",
    "operational_infrastructure",
    "locality_directive",
    "customer_data",
)
_FRONTIER: Final = ("architecture_analysis", "root_cause_analysis", "multi_step_tradeoffs")
_LOCAL: Final = ("generic_coding", "simple_task", "general_knowledge")

PRIVACY_KB: Final = KnowledgeBase(
    name="privacy_kb",
    source=KnowledgeBaseSource(path="knowledge_bases/privacy/"),
    threshold=0.55,
    label_thresholds={"prompt_injection": 0.7},
    groups={
        "security_containment": _SECURITY,
        "privacy_policy": _PRIVACY,
        "frontier_reasoning": _FRONTIER,
        "local_standard": _LOCAL,
        "private": (*_SECURITY, *_PRIVACY),
        "public": (*_FRONTIER, *_LOCAL),
    },
    metrics=(
        KnowledgeBaseMetric(
            name="private_vs_public", type="group_margin", positive_group="private", negative_group="public"
        ),
    ),
)
MMLU_KB: Final = KnowledgeBase(
    name="mmlu_kb",
    source=KnowledgeBaseSource(path="knowledge_bases/mmlu/"),
    threshold=0.25,
    groups={
        "escalate": (
            "biology",
            "business",
            "computer science",
            "economics",
            "history",
            "math",
            "other",
            "philosophy",
            "psychology",
        ),
        "keep": ("chemistry", "engineering", "health", "law", "physics"),
    },
    metrics=(
        KnowledgeBaseMetric(
            name="escalate_vs_keep", type="group_margin", positive_group="escalate", negative_group="keep"
        ),
    ),
)

DEFAULT_KNOWLEDGE_BASES: Final = (PRIVACY_KB, MMLU_KB)
