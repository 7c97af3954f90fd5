"""The knobs of the routing engine itself."""

from __future__ import annotations

from typing import Annotated, Literal

from contract.fields import Items, Part, says
from contract.router_settings.learning import RouterLearning
from contract.router_settings.selection import ModelSelection
from contract.router_settings.values import Chosen, Line, Whole

Strategy = Literal["priority", "confidence"]


class StreamedBody(Part):
    """Request bodies taken piece by piece; a limit of 0 is the engine's own."""

    enabled: Annotated[bool, says("whether they are")] = False
    max_bytes: Annotated[Whole, says("of a whole body")] = 0
    timeout_sec: Annotated[Whole, says("seconds for a whole body")] = 0


class SkipProcessing(Part):
    """Whether callers may ask for a request to pass untouched."""

    enabled: Annotated[bool, says("whether they may")] = False


class RouterSettings(Part):
    """The routing engine: where its configuration comes from, which names mean automatic routing, how it chooses.

    `auto_model_names` replaces the names that mean automatic routing; an empty list turns automatic routing off.
    """

    config_source: Annotated[Chosen[Literal["file", "kubernetes"]], says("a file, or resources of Kubernetes")] = "file"
    strategy: Annotated[
        Chosen[Strategy | None],
        says("which of several decisions that hold is taken, where routing.strategy does not say"),
    ] = None
    auto_model_name: Annotated[Line, says("a model name that means automatic routing")] = "MoM"
    auto_model_names: Annotated[
        Items[Line] | None, says("all names that mean it; not written: vllm-sr/auto, auto and auto_model_name")
    ] = None
    include_config_models_in_list: Annotated[
        bool, says("whether /v1/models lists the models of the document; data planes always do")
    ] = False
    clear_route_cache: Annotated[bool, says("whether Envoy chooses its route again once a model was chosen")] = True
    streamed_body: StreamedBody = StreamedBody()
    skip_processing: SkipProcessing = SkipProcessing()
    model_selection: ModelSelection = ModelSelection()
    learning: RouterLearning = RouterLearning()
