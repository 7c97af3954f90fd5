"""The plugins tools and tool_selection: which tools of a request the model sees."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from contract.faults import FaultLog, under
from contract.fields import Items, Name, Optionally, Share, Text, says
from contract.plain_values import section, text
from contract.routing.values import Amount, OpenPart, Whole, or_else
from contract.tool_filtering import ToolHistory, ToolWeights
from contract.words import choice

ToolsMode = Literal["none", "passthrough", "filtered"]
RetrievalStrategy = Literal["semantic_only", "hybrid_history"]
SelectionMode = Literal["add", "filter"]
FilteringStrategy = Literal["weighted", "hybrid_history"]


class RetrievalWeights(OpenPart):
    """How much each kind of evidence counts; 0 leaves it out."""

    semantic: Annotated[Amount, says("likeness of the tool to the request")] = 1.0
    history: Annotated[Amount, says("tools that followed one another before")] = 1.0
    decision_prior: Annotated[Amount, says("tools that this decision used before")] = 0.0
    repetition_penalty: Annotated[Amount, says("what calling the same tool again takes away")] = 0.0


class DynamicRetrieval(OpenPart):
    """Tools that are found by what was called before, too."""

    enabled: Annotated[bool, says("whether tools are found so")] = False
    strategy: Annotated[
        RetrievalStrategy,
        choice(RetrievalStrategy, "dynamic_retrieval.strategy", "semantic_only"),
        says("by likeness alone, or by earlier calls as well"),
    ] = "semantic_only"
    history_window: Annotated[Whole, says("how many calls are looked back on; 1 or more with hybrid_history")] = 0
    weights: RetrievalWeights | None = None
    min_history_confidence: Annotated[Share, says("how sure earlier calls have to be to count")] = 0.0
    fallback_on_low_confidence: Annotated[bool, says("whether likeness alone decides where they are not")] = False


class Tools(OpenPart):
    """All tools of the request, none, or those that the lists let through."""

    enabled: Annotated[bool, says("whether the plugin does anything")] = False
    mode: Annotated[
        ToolsMode,
        choice(ToolsMode, "mode", "passthrough"),
        says("no tools, all of them, or those that the lists let through"),
    ] = "passthrough"
    semantic_selection: Annotated[bool, says("whether tools are chosen by likeness, too")] = True
    allow_tools: Annotated[Items[Name], says("of filtered: only these stay")] = ()
    block_tools: Annotated[Items[Name], says("of filtered: these go")] = ()
    strip_tool_history: Annotated[bool, says("of none: whether earlier calls and their outputs go as well")] = False
    strategy: Annotated[Text, or_else("default"), says("the router's way of finding tools")] = "default"
    dynamic_retrieval: DynamicRetrieval = DynamicRetrieval()


class FilteringWeights(ToolWeights, OpenPart):
    """How much each likeness of a tool to the request counts."""


class HybridHistory(ToolHistory, OpenPart):
    """How much the tools called so far count."""


class AdvancedFiltering(OpenPart):
    """A second look at the tools that were found."""

    enabled: Annotated[bool, says("whether there is a second look")] = False
    retrieval_strategy: Annotated[
        FilteringStrategy,
        choice(FilteringStrategy, "retrieval_strategy", "weighted"),
        says("by weights of likeness, or by earlier calls as well"),
    ] = "weighted"
    candidate_pool_size: Annotated[Whole | None, says("how many tools it looks at")] = None
    min_lexical_overlap: Annotated[Whole | None, says("how many words a tool has to share with the request")] = None
    min_combined_score: Annotated[Share | None, says("a tool below this goes")] = None
    weights: FilteringWeights = FilteringWeights()
    use_category_filter: Annotated[bool | None, says("whether tools of another category than the request's go")] = None
    category_confidence_threshold: Annotated[Share | None, says("how sure the category has to be for that")] = None
    allow_tools: Annotated[Items[Name], says("only these may stay")] = ()
    block_tools: Annotated[Items[Name], says("these go")] = ()
    hybrid_history: HybridHistory = HybridHistory()


class ToolSelection(OpenPart):
    """Tools of a database that are added (`add`), or tools of the request that stay (`filter`), by likeness."""

    enabled: Annotated[bool, says("whether the plugin does anything")] = False
    mode: Annotated[
        SelectionMode,
        choice(SelectionMode, "mode", "add"),
        says("tools of the database are added, or tools of the request stay"),
    ] = "add"
    tools_db_path: Annotated[Optionally[Text], says("of add: the file of the database")] = None
    top_k: Annotated[Whole, says("how many tools; 0: as global.integrations.tools says")] = 0
    similarity_threshold: Annotated[Share | None, says("how like the request a tool has to be")] = None
    advanced_filtering: AdvancedFiltering = AdvancedFiltering()
    strategy: Annotated[Text, or_else("default"), says("the router's way of finding tools")] = "default"
    fallback_to_empty: Annotated[
        bool | None, says("whether a failure means no tools, where it would fail the request")
    ] = None
    relevance_threshold: Annotated[Share | None, says("of filter: how like the request it has to be to stay")] = None
    preserve_count: Annotated[Whole, says("of filter: how many stay whatever their likeness")] = 0


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
