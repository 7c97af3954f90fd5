"""Signals that are read from the words of a request: keywords, likeness, domain, language, length, shape."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from contract.fields import Items, Name, Optionally, Part, Text
from contract.routing.languages import Language
from contract.routing.mmlu import MmluCategory
from contract.routing.numeric_predicates import NumericPredicate
from contract.routing.rule_nodes import RuleNode
from contract.routing.token_counts import TokenCount
from contract.words import known_word

KeywordOperator = Literal["AND", "OR", "NOR"]
KeywordMethod = Literal["regex", "bm25", "ngram"]
Aggregation = Literal["mean", "max", "any"]
Modality = Literal["text", "image", "audio"]
StructureFeatureType = Literal["exists", "count", "density", "sequence"]
StructureSourceType = Literal["regex", "keyword_set", "sequence", "text_bytes"]

FUZZY = "fuzzy"

Words = Annotated[str, StringConstraints(max_length=8192)]
"""A keyword, an example, a pattern: any text, spaces included."""

Unit = Annotated[float, Field(ge=0, le=1)]


def is_fuzzy(method: object) -> bool:
    """Whether a keyword rule uses the method that is written `fuzzy_match: true`."""
    return isinstance(method, str) and method.strip().lower() == FUZZY


class KeywordRule(Part):
    """Matches when all (`AND`), any (`OR`) or none (`NOR`) of the keywords are found.

    Without a method each keyword is a word or phrase; with `regex` it is a pattern. `fuzzy_threshold` is a number of
    edits. `method: fuzzy` is read as `fuzzy_match: true`.
    """

    name: Name
    operator: Annotated[KeywordOperator, known_word(KeywordOperator, "operator")]
    keywords: Items[Words]
    case_sensitive: bool = False
    method: Optionally[Annotated[KeywordMethod, known_word(KeywordMethod, "method", str.lower)]] = None
    fuzzy_match: bool = False
    fuzzy_threshold: Annotated[int, Field(ge=0, le=1000)] = 2
    bm25_threshold: Annotated[float, Field(ge=0)] = 0.1
    ngram_threshold: Unit = 0.4
    ngram_arity: Annotated[int, Field(ge=1, le=100)] = 3

    @model_validator(mode="before")
    @classmethod
    def _fuzzy_is_no_method(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and is_fuzzy(raw.get("method")):
            return {key: value for key, value in raw.items() if key != "method"} | {"fuzzy_match": True}
        return raw


class EmbeddingRule(Part):
    """Matches a request that is like its candidates, by their aggregated similarity."""

    name: Name
    threshold: float
    candidates: Items[Words]
    aggregation_method: Annotated[Aggregation, known_word(Aggregation, "aggregation_method", str.lower, "max")] = "max"
    query_modality: Annotated[Modality, known_word(Modality, "query_modality", str.lower, "text")] = "text"


class ModelScore(Part):
    """How good a model is in a domain."""

    model: Name
    score: float
    use_reasoning: bool | None = None


class Domain(Part):
    """A field of knowledge; without `mmlu_categories` its name is the category."""

    name: Name
    description: Text = ""
    mmlu_categories: Items[MmluCategory] = ()
    model_scores: Items[ModelScore] = ()


class PreferenceRule(Part):
    """A way in which people like to be answered, described and shown by examples."""

    name: Name
    description: Text = ""
    examples: Items[Words] = ()
    threshold: float | None = None


class LanguageRule(Part):
    """A language by its code; `threshold` is the least confidence of the detector."""

    name: Language
    description: Text = ""
    threshold: Unit | None = None


class ContextRule(Part):
    """Matches requests of `min_tokens` to `max_tokens` tokens; without `max_tokens` it never matches."""

    name: Name
    description: Text = ""
    min_tokens: TokenCount = 0
    max_tokens: TokenCount = 0


class StructureSource(Part):
    """What is looked for: hits of a pattern or of keywords, markers in order, or the bytes of the text."""

    type: Annotated[StructureSourceType, known_word(StructureSourceType, "feature.source.type", str.lower)]
    pattern: Optionally[Words] = None
    keywords: Items[Words] = ()
    case_sensitive: bool = False
    sequences: Items[Items[Words]] = ()


class StructureFeature(Part):
    type: Annotated[StructureFeatureType, known_word(StructureFeatureType, "feature.type", str.lower)]
    source: StructureSource


class StructureRule(Part):
    """A measure of the shape of a request; without a predicate any value above zero matches."""

    name: Name
    description: Text = ""
    feature: StructureFeature
    predicate: NumericPredicate | None = None


class ComplexityCandidates(Part):
    """Examples of one difficulty."""

    candidates: Items[Words] = ()
    image_candidates: Items[Words] = ()


class ComplexityRule(Part):
    """Tells `hard`, `medium` and `easy` by how much nearer a request is to one side; `composer` asks other signals too.

    Rules name it with the difficulty: `<name>:hard`.
    """

    name: Name
    description: Text = ""
    threshold: float = 0.1
    hard: ComplexityCandidates = ComplexityCandidates()
    easy: ComplexityCandidates = ComplexityCandidates()
    composer: RuleNode | None = None
