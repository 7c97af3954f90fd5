"""What the router works with from outside: a database of tools, and itself again for calls to several models."""

from __future__ import annotations

from typing import Annotated, Literal

from contract.fields import Items, Name, Part, Share, says
from contract.router_settings.datastores import PlainRedis
from contract.router_settings.values import Chosen, Headers, Line, Url, Whole, Worded
from contract.tool_filtering import ToolHistory, ToolWeights


class ToolFiltering(Part):
    """A second look at the tools that were found."""

    enabled: Annotated[bool, says("whether there is a second look")] = False
    retrieval_strategy: Annotated[
        Worded[Literal["weighted", "hybrid_history"]], says("by weights of likeness, or by earlier calls as well")
    ] = "weighted"
    candidate_pool_size: Annotated[Whole | None, says("how many tools it looks at")] = None
    min_lexical_overlap: Annotated[Whole | None, says("how many words a tool has to share with the request")] = None
    min_combined_score: Annotated[Share | None, says("a tool below this goes")] = None
    weights: ToolWeights = ToolWeights()
    use_category_filter: Annotated[bool | None, says("whether tools of another category than the request's go")] = None
    category_confidence_threshold: Annotated[Share | None, says("how sure the category has to be for that")] = None
    allow_tools: Annotated[Items[Line], says("only these may stay")] = ()
    block_tools: Annotated[Items[Line], says("these go")] = ()
    hybrid_history: ToolHistory | None = None


class ToolDatabase(Part):
    """Tools that are added to a request when they fit it."""

    enabled: Annotated[bool, says("whether any are added")] = False
    top_k: Annotated[Whole, says("how many")] = 3
    similarity_threshold: Annotated[Share | None, says("how like the request a tool has to be")] = None
    tools_db_path: Annotated[Line, says("the file of the database")] = "config/tools_db.json"
    fallback_to_empty: Annotated[bool, says("whether a failure means no tools, where it would fail the request")] = True
    model_type: Annotated[Line, says("the model that tells likeness; empty: that of model_catalog.embeddings")] = ""
    target_dim: Annotated[Whole, says("numbers in an embedding; 0: as the model makes them")] = 0
    advanced_filtering: ToolFiltering | None = None


class LooperNames(Part):
    """The model names that mean this way of asking several models."""

    model_names: Annotated[Items[Name], says("what callers ask for")] = ()


class FlowFile(Part):
    """A folder of files."""

    directory: Annotated[Line, says("where it is")] = ""


class FlowState(Part):
    """Where the state of a workflow is kept between its steps."""

    store_backend: Annotated[Chosen[Literal["memory", "file", "redis"]], says("in memory, in files, or in Redis")] = (
        "file"
    )
    ttl_seconds: Annotated[Whole, says("for how long")] = 1800
    file: FlowFile = FlowFile()
    redis: PlainRedis = PlainRedis()


class Flow(LooperNames):
    """The model names that mean a workflow, and where its state is kept."""

    state: FlowState = FlowState()


class Looper(Part):
    """Where the router sends its own requests when several models work on one; an empty endpoint turns that off."""

    endpoint: Annotated[Url, says("the router's own address for chat completions")] = (
        "http://localhost:8899/v1/chat/completions"
    )
    timeout_seconds: Annotated[Whole, says("how long a call may take")] = 1200
    retry_count: Annotated[Whole, says("how often a call that fails is tried again")] = 0
    max_response_bytes_mb: Annotated[Whole, says("MiB of an answer; a longer one fails")] = 32
    grpc_max_msg_size_mb: Annotated[Whole, says("MiB of a message between Envoy and the router")] = 4
    headers: Annotated[Headers, says("headers of each call")] = {}
    model_endpoints: Annotated[dict[Name, Url], says("by model, another address than the endpoint's")] = {}
    remom: LooperNames = LooperNames()
    fusion: LooperNames = LooperNames()
    flow: Flow = Flow()


class IntegrationSettings(Part):
    """What the router works with from outside."""

    tools: ToolDatabase = ToolDatabase()
    looper: Looper = Looper()
