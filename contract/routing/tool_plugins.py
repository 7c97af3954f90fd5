"""The plugins tools and tool_selection: which tools of a request the model sees."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from contract.faults import FaultLog, under
from contract.fields import Items, Name, Optionally, Text
from contract.plain_values import section, text
from contract.routing.choices import Amount, OpenPart, Unit, Whole, choice, or_else

ToolsMode = Literal["none", "passthrough", "filtered"]
RetrievalStrategy = Literal["semantic_only", "hybrid_history"]
SelectionMode = Literal["add", "filter"]
FilteringStrategy = Literal["weighted", "hybrid_history"]


class RetrievalWeights(OpenPart):
    """How much each kind of evidence counts; 0 leaves it out."""

    semantic: Amount = 1.0
    history: Amount = 1.0
    decision_prior: Amount = 0.0
    repetition_penalty: Amount = 0.0


class DynamicRetrieval(OpenPart):
    """Tools that are found by what was called before, too."""

    enabled: bool = False
    strategy: Annotated[RetrievalStrategy, choice(RetrievalStrategy, "dynamic_retrieval.strategy", "semantic_only")] = (
        "semantic_only"
    )
    history_window: Whole = 0
    weights: RetrievalWeights | None = None
    min_history_confidence: Unit = 0.0
    fallback_on_low_confidence: bool = False


class Tools(OpenPart):
    """All tools of the request, none, or those that the lists let through."""

    enabled: bool = False
    mode: Annotated[ToolsMode, choice(ToolsMode, "mode", "passthrough")] = "passthrough"
    semantic_selection: bool = True
    allow_tools: Items[Name] = ()
    block_tools: Items[Name] = ()
    strip_tool_history: bool = False
    strategy: Annotated[Text, or_else("default")] = "default"
    dynamic_retrieval: DynamicRetrieval = DynamicRetrieval()


class FilteringWeights(OpenPart):
    """How much each likeness of a tool to the request counts."""

    embed: Unit | None = None
    lexical: Unit | None = None
    tag: Unit | None = None
    name: Unit | None = None
    category: Unit | None = None


class HybridHistory(OpenPart):
    """How much of what was called before counts."""

    history_horizon: Whole | None = None
    min_history_steps: Whole | None = None
    history_confidence_threshold: Unit | None = None
    weight_semantic: Unit | None = None
    weight_history_transition: Unit | None = None
    weight_decision_prior: Unit | None = None
    repetition_penalty_strength: Unit | None = None


class AdvancedFiltering(OpenPart):
    """A second look at the tools that were found."""

    enabled: bool = False
    retrieval_strategy: Annotated[FilteringStrategy, choice(FilteringStrategy, "retrieval_strategy", "weighted")] = (
        "weighted"
    )
    candidate_pool_size: Whole | None = None
    min_lexical_overlap: Whole | None = None
    min_combined_score: Unit | None = None
    weights: FilteringWeights = FilteringWeights()
    use_category_filter: bool | None = None
    category_confidence_threshold: Unit | None = None
    allow_tools: Items[Name] = ()
    block_tools: Items[Name] = ()
    hybrid_history: HybridHistory = HybridHistory()


class ToolSelection(OpenPart):
    """Tools of a database that are added (`add`), or tools of the request that stay (`filter`), by likeness."""

    enabled: bool = False
    mode: Annotated[SelectionMode, choice(SelectionMode, "mode", "add")] = "add"
    tools_db_path: Optionally[Text] = None
    top_k: Whole = 0
    similarity_threshold: Unit | None = None
    advanced_filtering: AdvancedFiltering = AdvancedFiltering()
    strategy: Annotated[Text, or_else("default")] = "default"
    fallback_to_empty: bool | None = None
    relevance_threshold: Unit | None = None
    preserve_count: Whole = 0


def check_tools(configuration: dict[str, Any], path: str, log: FaultLog) -> None:
    """Lists and mode agree, once the plugin is on."""
    if configuration.get("enabled") is not True:
        return
    mode = text(configuration, "mode") or "passthrough"
    lists = [key for key in ("allow_tools", "block_tools") if configuration.get(key)]
    if mode == "filtered" and not lists:
        log.add(path, "required", "mode=filtered requires allow_tools or block_tools", "list tools, or change the mode")
    if mode != "filtered" and lists:
        message = "allow_tools/block_tools require mode=filtered"
        log.add(under(path, lists[0]), "conflict", message, "write mode: filtered, or take the lists out")
    if configuration.get("strip_tool_history") is True and mode != "none":
        message = "strip_tool_history requires mode=none"
        log.add(under(path, "strip_tool_history"), "conflict", message, "write mode: none, or take it out")
    _check_retrieval(section(configuration, "dynamic_retrieval"), under(path, "dynamic_retrieval"), log)


def _check_retrieval(retrieval: dict[str, Any], path: str, log: FaultLog) -> None:
    if retrieval.get("enabled") is not True or text(retrieval, "strategy") != "hybrid_history":
        return
    window = retrieval.get("history_window", 0)
    if isinstance(window, int) and window < 1:
        message = "history_window must be 1 or more when strategy=hybrid_history"
        log.add(under(path, "history_window"), "range", message, "say how many calls to look back on")
