"""The consumer document, `consumer/v1`: an overlay of what one consumer may do, never a copy of the workspace's."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from contract.fields import Items, Name, Part

ConsumerId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$")]


class ConsumerDocument(Part):
    """`models` is the allow-list; empty means every model of the workspace.

    The fields after `models` belong to later releases; a document that fills them in is refused.
    """

    version: Literal["consumer/v1"]
    consumer_id: ConsumerId
    enabled: bool = True
    groups: Items[Name] = ()
    models: Items[Name] = ()
    limits_class: str = ""
    budget: dict[str, Any] | None = None
    backends: Items[Any] = ()
    mode: str | None = None
