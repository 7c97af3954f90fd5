"""Signals that are read from the words of a request: keywords, likeness, domain, language, length, shape."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from contract.fields import Items, Name, Optionally, Part, Share, Text, says
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


def is_fuzzy(method: object) -> bool:
    """Whether a keyword rule uses the method that is written `fuzzy_match: true`."""
    return isinstance(method, str) and method.strip().lower() == FUZZY


class KeywordRule(Part):
    """Matches when all (`AND`), any (`OR`) or none (`NOR`) of the keywords are found.

    Without a method each keyword is a word or phrase; with `regex` it is a pattern. `fuzzy_threshold` is a number of
    edits. `method: fuzzy` is read as `fuzzy_match: true`.
    """

    name: Annotated[Name, says("what rules call it; unique in its family")]
    operator: Annotated[
        KeywordOperator,
        known_word(KeywordOperator, "operator"),
        says("whether all, any or none of the keywords have to be found"),
    ]
    keywords: Annotated[Items[Words], says("words and phrases, or patterns with the method regex")]
    case_sensitive: Annotated[bool, says("whether upper and lower case are told apart")] = False
    method: Annotated[
        Optionally[Annotated[KeywordMethod, known_word(KeywordMethod, "method", str.lower)]],
        says("how a keyword is looked for; not written: as a word or phrase"),
    ] = None
    fuzzy_match: Annotated[bool, says("whether words that are spelled nearly so count")] = False
    fuzzy_threshold: Annotated[
        int, Field(ge=0, le=1000), says("how many edits apart a word may be, with fuzzy_match")
    ] = 2
    bm25_threshold: Annotated[
        float, Field(ge=0), says("the least score of a keyword that counts, with the method bm25")
    ] = 0.1
    ngram_threshold: Annotated[Share, says("the least likeness of a keyword that counts, with the method ngram")] = 0.4
    ngram_arity: Annotated[int, Field(ge=1, le=100), says("signs in an n-gram, with the method ngram")] = 3

    @model_validator(mode="before")
    @classmethod
    def _fuzzy_is_no_method(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and is_fuzzy(raw.get("method")):
            return {key: value for key, value in raw.items() if key != "method"} | {"fuzzy_match": True}
        return raw


class EmbeddingRule(Part):
    """Matches a request that is like its candidates, by their aggregated similarity."""

    name: Annotated[Name, says("what rules call it; unique in its family")]
    threshold: Annotated[float, says("the least similarity that matches")]
    candidates: Annotated[Items[Words], says("the examples a request is compared with")]
    aggregation_method: Annotated[
        Aggregation,
        known_word(Aggregation, "aggregation_method", str.lower, "max"),
        says("how the similarities to the candidates become one"),
    ] = "max"
    query_modality: Annotated[
        Modality,
        known_word(Modality, "query_modality", str.lower, "text"),
        says("what of the request is compared; image needs a multimodal embedding model"),
    ] = "text"


class ModelScore(Part):
    """How good a model is in a domain."""

    model: Annotated[Name, says("a card, or an adapter of one")]
    score: Annotated[float, says("how good it is there; the algorithm static takes the best")]
    use_reasoning: Annotated[bool | None, says("whether it is told to reason there")] = None


class Domain(Part):
    """A field of knowledge; without `mmlu_categories` its name is the category."""

    name: Annotated[Name, says("what rules call it; unique in its family")]
    description: Annotated[Text, says("for people")] = ""
    mmlu_categories: Annotated[Items[MmluCategory], says("the classifier's categories that belong to it")] = ()
    model_scores: Annotated[Items[ModelScore], says("how good models are in it")] = ()


class PreferenceRule(Part):
    """A way in which people like to be answered, described and shown by examples."""

    name: Annotated[Name, says("what rules call it; unique in its family")]
    description: Annotated[Text, says("what the preference is, told to the classifier")] = ""
    examples: Annotated[Items[Words], says("requests that show it")] = ()
    threshold: Annotated[float | None, says("the least score that matches")] = None


class LanguageRule(Part):
    """A language by its code; `threshold` is the least confidence of the detector."""

    name: Annotated[Language, says("the code of ISO 639-1 in lower case, such as de; unique in its family")]
    description: Annotated[Text, says("for people")] = ""
    threshold: Annotated[
        Share | None, says("the detector's least confidence; not written or 0: its own default, 0.3")
    ] = None


class ContextRule(Part):
    """Matches requests of `min_tokens` to `max_tokens` tokens; without `max_tokens` it never matches."""

    name: Annotated[Name, says("what rules call it; unique in its family")]
    description: Annotated[Text, says("for people")] = ""
    min_tokens: Annotated[TokenCount, says("the fewest tokens that match; 32K is 32000")] = 0
    max_tokens: Annotated[TokenCount, says("the most tokens that match; 0 matches nothing")] = 0


class StructureSource(Part):
    """What is looked for: hits of a pattern or of keywords, markers in order, or the bytes of the text."""

    type: Annotated[
        StructureSourceType,
        known_word(StructureSourceType, "feature.source.type", str.lower),
        says("what is looked for in the text, or its length in bytes"),
    ]
    pattern: Annotated[Optionally[Words], says("the pattern, where the type is regex")] = None
    keywords: Annotated[Items[Words], says("the words, where the type is keyword_set")] = ()
    case_sensitive: Annotated[bool, says("whether upper and lower case are told apart")] = False
    sequences: Annotated[
        Items[Items[Words]], says("markers that follow one another, two or more in each, where the type is sequence")
    ] = ()


class StructureFeature(Part):
    """What is measured of the text, and how."""

    type: Annotated[
        StructureFeatureType,
        known_word(StructureFeatureType, "feature.type", str.lower),
        says("whether it is there, how often, how often for each word, or whether markers are in order"),
    ]
    source: StructureSource


class StructureRule(Part):
    """A measure of the shape of a request; without a predicate any value above zero matches."""

    name: Annotated[Name, says("what rules call it; unique in its family")]
    description: Annotated[Text, says("for people")] = ""
    feature: StructureFeature
    predicate: NumericPredicate | None = None


class ComplexityCandidates(Part):
    """Examples of one difficulty."""

    candidates: Annotated[Items[Words], says("texts of that difficulty")] = ()
    image_candidates: Annotated[Items[Words], says("images of that difficulty")] = ()


class ComplexityRule(Part):
    """Tells `hard`, `medium` and `easy` by how much nearer a request is to one side; `composer` asks other signals too.

    Rules name it with the difficulty: `<name>:hard`.
    """

    name: Annotated[Name, says("what rules call it, with the difficulty after a colon; unique in its family")]
    description: Annotated[Text, says("for people")] = ""
    threshold: Annotated[float, says("how much nearer to one side a request has to be before it is hard or easy")] = 0.1
    hard: ComplexityCandidates = ComplexityCandidates()
    easy: ComplexityCandidates = ComplexityCandidates()
    composer: RuleNode | None = None
