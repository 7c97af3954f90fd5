"""What a decision promises of its answers: a choice, structured JSON or a selected reference, and how it is found."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from contract.faults import FaultLog, item, shown, under
from contract.fields import Items, Name, Optionally, Part, Text, says
from contract.plain_values import entries, section, text
from contract.routing.values import Prompt
from contract.words import choice

ContractType = Literal["choice", "structured_json", "reference_selection"]
SchemaRef = Literal["terminal_action_v1"]
ReferenceSource = Literal["candidate_responses"]
IdFormat = Literal["index", "reference_number"]
RenderMode = Literal["value", "template"]
ExtractMode = Literal["exact", "json_object"]
ExtractSource = Literal["content", "reasoning_content", "candidate_responses"]
Postprocessing = Literal["dereference_selected_reference"]

_PLACEHOLDERS: Final = ("{choice}", "{{choice}}")


class ChoiceSet(Part):
    """The answers that may be given, whatever their case."""

    values: Annotated[Items[Text], says("each once; of type choice at least one")] = ()


class JsonSchemaRef(Part):
    """The shape of a structured answer."""

    schema_ref: Annotated[
        SchemaRef | None,
        choice(SchemaRef, "json_schema.schema_ref"),
        says("which of the router's schemas; needed by structured_json"),
    ] = None


class Reference(Part):
    """What a selected reference points to."""

    source: Annotated[
        ReferenceSource | None, choice(ReferenceSource, "reference.source"), says("among what is selected")
    ] = None
    id_format: Annotated[
        IdFormat | None,
        choice(IdFormat, "reference.id_format"),
        says("how it is named: by its place, or by its reference number"),
    ] = None


class Render(Part):
    """How the value is written; a template holds {choice}."""

    mode: Annotated[RenderMode | None, choice(RenderMode, "render.mode"), says("as it is, or within the template")] = (
        None
    )
    template: Annotated[Prompt, says("the text around it")] = ""


class Extract(Part):
    """Where in an answer the value is looked for, in this order."""

    mode: Annotated[
        ExtractMode | None,
        choice(ExtractMode, "extract.mode"),
        says("the answer is the value and nothing else, or holds a JSON object"),
    ] = None
    sources: Annotated[
        Items[Annotated[ExtractSource, choice(ExtractSource, "extract.sources")]],
        says("each once; none: the answer's content"),
    ] = ()


class Normalize(Part):
    """The order of fields, and what stands for those left out."""

    field_order: Annotated[Items[Name], says("in which order the fields are written")] = ()
    defaults: Annotated[dict[Name, Text], says("by field, what is written where an answer has none")] = {}


class OnViolation(Part):
    """What happens to an answer that breaks the contract."""

    repair: Annotated[bool, says("whether the model is asked to mend it")] = False
    fallback: Annotated[Optionally[Text], says("what is answered in its place")] = None


class Postprocess(Part):
    """A step after extraction; it is for reference_selection."""

    type: Annotated[
        Postprocessing,
        choice(Postprocessing, "postprocess type"),
        says("to put what the reference points to in its place"),
    ]


class OutputContractSpec(Part):
    """The contract of answers as the router enforces it; `output_contract` is its prose for the model."""

    type: Annotated[ContractType | None, choice(ContractType, "type"), says("what kind of answer it has to be")] = None
    choice_set: ChoiceSet = ChoiceSet()
    json_schema: JsonSchemaRef = JsonSchemaRef()
    reference: Reference = Reference()
    render: Render = Render()
    extract: Extract = Extract()
    normalize: Normalize = Normalize()
    on_violation: OnViolation = OnViolation()
    postprocess: Annotated[Items[Postprocess], says("what is done with the value that was found")] = ()


def check_output_contract(spec: dict[str, Any], path: str, log: FaultLog) -> None:
    """What must hold between the parts of a fitted `output_contract_spec`."""
    kind, steps = text(spec, "type"), spec.get("postprocess")
    if not kind and not steps:
        log.add(under(path, "type"), "required", "type or postprocess must be specified", "name the type")
    if kind == "choice":
        _check_choices(spec, path, log)
        _check_template(section(spec, "render"), under(path, "render"), log)
    if kind == "structured_json" and not text(section(spec, "json_schema"), "schema_ref"):
        at = under(under(path, "json_schema"), "schema_ref")
        log.add(at, "required", "structured_json type requires json_schema.schema_ref", "write terminal_action_v1")
    _check_extract(section(spec, "extract"), kind, under(path, "extract"), log)
    for at, _ in entries(spec, "postprocess", under(path, "postprocess")):
        if kind != "reference_selection":
            log.add(at, "conflict", "postprocess requires type=reference_selection", "take it out, or write that type")


def _check_choices(spec: dict[str, Any], path: str, log: FaultLog) -> None:
    at = under(under(path, "choice_set"), "values")
    values = section(spec, "choice_set").get("values", [])
    if values == []:
        log.add(at, "required", "choice type requires choice_set.values", "list the answers that may be given")
    seen: set[str] = set()
    for index, value in enumerate(values if isinstance(values, list) else ()):
        if not isinstance(value, str):
            continue
        folded = value.strip().lower()
        if not folded:
            log.add(item(at, index), "required", "choice_set.values cannot be empty", "write it out, or take it out")
        elif folded in seen:
            log.add(item(at, index), "duplicate", f"choice_set.values duplicates {shown(value)}", "list it once")
        seen.add(folded)


def _check_template(render: dict[str, Any], path: str, log: FaultLog) -> None:
    if text(render, "mode") != "template":
        return
    if not any(placeholder in text(render, "template") for placeholder in _PLACEHOLDERS):
        message = "render.template must contain {choice} or {{choice}} when render.mode=template"
        log.add(under(path, "template"), "value", message, "write {choice} where the value goes")


def _check_extract(extract: dict[str, Any], kind: str, path: str, log: FaultLog) -> None:
    if text(extract, "mode") == "json_object" and kind in ("choice", "reference_selection"):
        message = "extract.mode json_object is only supported for structured_json contracts"
        log.add(under(path, "mode"), "conflict", message, "write exact")
    sources = extract.get("sources")
    seen: set[str] = set()
    for index, source in enumerate(sources if isinstance(sources, list) else ()):
        if not isinstance(source, str):
            continue
        if source in seen:
            log.add(
                item(under(path, "sources"), index),
                "duplicate",
                f"extract.sources duplicates {shown(source)}",
                "name it once",
            )
        seen.add(source)
