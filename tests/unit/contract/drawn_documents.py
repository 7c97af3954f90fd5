"""Documents drawn from the models themselves: one way into the schema, with plausible values along it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as some

from contract import workspace_json_schema

SCHEMA = workspace_json_schema()
NULL_IS_A_FAULT = ("method",)  # of global.router.model_selection, where older files have it
TEXTS = some.sampled_from(
    (
        *("a", "b", "fast", "x y", "en", "32K", "5s", "https://h.example/v1", "/health", "5xx", "other", "math"),
        *("secret://a@1", "0.0.0.0", "X-Team", "USD", "", "user", "default", "a.b", "é"),  # noqa: S104 - never bound
    )
)
PLAIN = some.none() | some.booleans() | some.integers(-2, 200) | some.floats(0, 1) | TEXTS


@some.composite
def documents(draw: some.DrawFn) -> dict[str, Any]:
    """Mostly valid: required fields are there, and each field has the type and the words of its schema."""
    document = {"version": "v0.3", "routing": {"modelCards": [{"name": "fast"}]}}
    for _ in range(draw(some.integers(1, 3))):
        _fill(document, SCHEMA, draw, depth=0)
    return document


def _fill(holder: dict[str, Any], schema: dict[str, Any], draw: some.DrawFn, depth: int) -> None:
    """Writes fields of the schema that are not there yet, and goes on inside one of them."""
    properties = schema.get("properties", {})
    for key in schema.get("required", ()):
        holder.setdefault(key, draw_value(properties[key], draw, depth + 1))
    for key in draw(some.lists(some.sampled_from(sorted(properties)), max_size=3)) if properties else ():
        holder.setdefault(key, draw_value(properties[key], draw, depth + 1))


def draw_value(schema: dict[str, Any], draw: some.DrawFn, depth: int) -> Any:
    """A value that the schema allows, as far as it goes."""
    if "$ref" in schema:
        held: dict[str, Any] = {}
        _fill(held, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], draw, depth)
        return held
    if forms := [*schema.get("anyOf", ()), *schema.get("oneOf", ())]:
        return draw_value(draw(some.sampled_from(forms)), draw, depth)
    if "const" in schema or "enum" in schema:
        return schema.get("const") or draw(some.sampled_from(schema["enum"]))
    match schema.get("type"):
        case "array":
            return [draw_value(schema.get("items", {}), draw, depth + 1) for _ in range(draw(some.integers(0, 2)))]
        case "object":
            keys = draw(some.lists(TEXTS, max_size=2, unique=True))
            inner = schema.get("additionalProperties")
            return {key: draw_value(inner if isinstance(inner, dict) else {}, draw, depth + 1) for key in keys}
        case "integer":
            least = schema.get("minimum", 0)
            return draw(some.integers(max(least, -10), min(schema.get("maximum", 100), max(least, 0) + 100)))
        case "number":
            return draw(some.floats(max(schema.get("minimum", 0), 0), min(schema.get("maximum", 1), 1)) | some.just(1))
        case "boolean":
            return draw(some.booleans())
        case "string":
            return draw(TEXTS)
        case "null":
            return None
    return draw(PLAIN)


def respelled(value: Any, schema: dict[str, Any], data: some.DataObject) -> Any:
    """The same meaning otherwise written: keys in another order, and nulls where something is absent."""
    schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    properties = schema.get("properties")
    if isinstance(value, dict) and properties:
        inner = {key: respelled(one, properties.get(key, {}), data) for key, one in value.items()}
        required = set(schema.get("required", ()))
        written = {*value, *required, *NULL_IS_A_FAULT}
        absent = [key for key in properties if key not in written and data.draw(some.booleans())]
        return dict(reversed({**inner, **dict.fromkeys(absent)}.items()))
    if isinstance(value, list) and "items" in schema:
        return [respelled(one, schema["items"], data) for one in value]
    return value
