"""What counts when found tools are looked at again, as a decision's plugin and the router's settings both write it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contract.fields import Part, Share, says

_Steps = Annotated[int, Field(ge=0, le=2**31 - 1)]


class ToolWeights(Part):
    """How much each likeness of a tool to the request counts."""

    embed: Annotated[Share | None, says("of meaning")] = None
    lexical: Annotated[Share | None, says("of common words")] = None
    tag: Annotated[Share | None, says("of tags")] = None
    name: Annotated[Share | None, says("of the name")] = None
    category: Annotated[Share | None, says("of the category")] = None


class ToolHistory(Part):
    """How much the tools called so far count."""

    history_horizon: Annotated[_Steps | None, says("how many calls are looked back on")] = None
    min_history_steps: Annotated[_Steps | None, says("with fewer calls nothing of it counts")] = None
    history_confidence_threshold: Annotated[Share | None, says("how sure earlier calls have to be to count")] = None
    weight_semantic: Annotated[Share | None, says("of likeness to the request")] = None
    weight_history_transition: Annotated[Share | None, says("of tools that followed one another before")] = None
    weight_decision_prior: Annotated[Share | None, says("of tools that the decision used before")] = None
    repetition_penalty_strength: Annotated[Share | None, says("what calling the same tool again takes away")] = None
