"""The knobs of the routing engine itself."""

from __future__ import annotations

from typing import Literal

from contract.fields import Items, Part
from contract.router_settings.learning import RouterLearning
from contract.router_settings.selection import ModelSelection
from contract.router_settings.values import Chosen, Line, Whole

Strategy = Literal["priority", "confidence"]


class StreamedBody(Part):
    """Request bodies taken piece by piece; a limit of 0 is the engine's own."""

    enabled: bool = False
    max_bytes: Whole = 0
    timeout_sec: Whole = 0


class SkipProcessing(Part):
    """Whether callers may ask for a request to pass untouched."""

    enabled: bool = False


class RouterSettings(Part):
    """The routing engine: where its configuration comes from, which names mean automatic routing, how it chooses.

    `auto_model_names` replaces the names that mean automatic routing; an empty list turns automatic routing off.
    """

    config_source: Chosen[Literal["file", "kubernetes"]] = "file"
    strategy: Chosen[Strategy | None] = None
    auto_model_name: Line = "MoM"
    auto_model_names: Items[Line] | None = None
    include_config_models_in_list: bool = False
    clear_route_cache: bool = True
    streamed_body: StreamedBody = StreamedBody()
    skip_processing: SkipProcessing = SkipProcessing()
    model_selection: ModelSelection = ModelSelection()
    learning: RouterLearning = RouterLearning()
