"""What the router works with from outside: a database of tools, and itself again for calls to several models."""

from __future__ import annotations

from typing import Literal

from contract.fields import Items, Name, Part
from contract.router_settings.datastores import PlainRedis
from contract.router_settings.values import Chosen, Headers, Line, Share, Url, Whole, Worded


class ToolWeights(Part):
    embed: Share | None = None
    lexical: Share | None = None
    tag: Share | None = None
    name: Share | None = None
    category: Share | None = None


class ToolHistory(Part):
    """How much the tools called so far count."""

    history_horizon: Whole | None = None
    min_history_steps: Whole | None = None
    history_confidence_threshold: Share | None = None
    weight_semantic: Share | None = None
    weight_history_transition: Share | None = None
    weight_decision_prior: Share | None = None
    repetition_penalty_strength: Share | None = None


class ToolFiltering(Part):
    """A second look at the tools that were found."""

    enabled: bool = False
    retrieval_strategy: Worded[Literal["weighted", "hybrid_history"]] = "weighted"
    candidate_pool_size: Whole | None = None
    min_lexical_overlap: Whole | None = None
    min_combined_score: Share | None = None
    weights: ToolWeights = ToolWeights()
    use_category_filter: bool | None = None
    category_confidence_threshold: Share | None = None
    allow_tools: Items[Line] = ()
    block_tools: Items[Line] = ()
    hybrid_history: ToolHistory | None = None


class ToolDatabase(Part):
    """Tools that are added to a request when they fit it."""

    enabled: bool = False
    top_k: Whole = 3
    similarity_threshold: Share | None = None
    tools_db_path: Line = "config/tools_db.json"
    fallback_to_empty: bool = True
    model_type: Line = ""
    target_dim: Whole = 0
    advanced_filtering: ToolFiltering | None = None


class LooperNames(Part):
    """The model names that mean this way of asking several models."""

    model_names: Items[Name] = ()


class FlowFile(Part):
    directory: Line = ""


class FlowState(Part):
    store_backend: Chosen[Literal["memory", "file", "redis"]] = "file"
    ttl_seconds: Whole = 1800
    file: FlowFile = FlowFile()
    redis: PlainRedis = PlainRedis()


class Flow(LooperNames):
    state: FlowState = FlowState()


class Looper(Part):
    """Where the router sends its own requests when several models work on one; an empty endpoint turns that off."""

    endpoint: Url = "http://localhost:8899/v1/chat/completions"
    timeout_seconds: Whole = 1200
    retry_count: Whole = 0
    max_response_bytes_mb: Whole = 32
    grpc_max_msg_size_mb: Whole = 4
    headers: Headers = {}
    model_endpoints: dict[Name, Url] = {}
    remom: LooperNames = LooperNames()
    fusion: LooperNames = LooperNames()
    flow: Flow = Flow()


class IntegrationSettings(Part):
    tools: ToolDatabase = ToolDatabase()
    looper: Looper = Looper()
