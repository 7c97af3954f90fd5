"""Recipes, which are further ways of routing over the same models, and the entrypoints that ask for them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, Strict, StringConstraints

from contract.fields import Name, Part, Text, refuse, says
from contract.routing.catalogue import trimmed_names
from contract.routing.profile import RoutingProfile
from contract.routing.values import filled


def _trimmed(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return trimmed_names(value)
    return value


def _none_of_its_own(cards: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    if cards:
        message = "modelCards are shared by all recipes and are not part of one"
        raise refuse("conflict", message, "describe the models in the document's routing.modelCards")
    return cards


class Entrypoint(Part):
    """Names that callers may ask for as a model, and the recipe that answers them."""

    model_names: Annotated[
        tuple[Name, ...],
        Strict(False),
        filled("model_names"),
        BeforeValidator(_trimmed),
        says("what callers ask for; neither cards nor claimed by another entrypoint"),
    ]
    recipe: Annotated[
        str,
        StringConstraints(max_length=256),
        filled("recipe"),
        BeforeValidator(_trimmed),
        says("the recipe that answers; default is the document's own routing"),
    ]


class RecipeRouting(RoutingProfile):
    """Signals, projections and decisions of its own; the models are those of the document."""

    model_cards: Annotated[
        tuple[dict[str, Any], ...],
        Strict(False),
        AfterValidator(_none_of_its_own),
        says("stays empty: models are described once, in the document's routing"),
    ] = Field(default=(), alias="modelCards", json_schema_extra={"maxItems": 0})


class Recipe(Part):
    """A way of routing with a name; `default` is the document's own unless a recipe says it instead."""

    name: Annotated[Name, says("what entrypoints call it; unique")]
    description: Annotated[Text, says("for people")] = ""
    routing: RecipeRouting = RecipeRouting()
