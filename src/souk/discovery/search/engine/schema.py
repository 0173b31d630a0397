"""The tantivy schema: which fields are searched, filtered, counted and sorted by."""

from collections.abc import Iterable
from typing import Final

import tantivy
from tantivy import Filter, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from souk.discovery.search.engine import keys
from souk.discovery.search.engine.ranges import FIGURES, price_band
from souk.discovery.search.model import SearchDocument, Sort, normal

FORMAT: Final = 6
"""Raise when the schema or the files change shape: an older index is then rebuilt."""

WORDS_FIELD: Final = "everything"
"""All texts of a listing as values of one field, those that weigh more repeated: one list of
listings to read for a word instead of five, and on Cranfield a ranking no worse. Between two values
lies a gap, so that no phrase reaches across them."""
_REPEATED: Final = 3
"""How often title and tags are counted."""
EVERYWHERE: Final = "any"
"""In place of a region: sold in all of them."""
WORD_FACETS: Final = (
    "kind", "category", "task", "tag", "licence", "currency", "framework", "hardware",
)  # fmt: skip
"""Facets whose values are counted as they stand. Region and those of figures are worked out."""
SORT_FIELDS: Final = {
    Sort.TRENDING: ("trending", False),
    Sort.NEWEST: ("newest", False),
    Sort.RATING: ("rating", False),
    Sort.PRICE_ASC: ("price_up", True),
    Sort.PRICE_DESC: ("price_down", False),
    Sort.DOWNLOADS: ("downloads", False),
}
"""The field a sort goes by, and whether it ascends."""

_STEMMED: Final = "souk_stemmed"
_PLAIN: Final = "souk_plain"
_COUNTED: Final = (*WORD_FACETS, "region_set", "price_band", *(f"{name}_band" for name in FIGURES))
"""One column each, to count by."""
_SOUGHT: Final = ("licence_key", "region", "owner")
"""Filtered by alone."""
_KEYS: Final = {
    "newest": keys.newest,
    "rating": keys.rating,
    "trending": keys.trending,
    "price_up": keys.price_up,
    "price_down": keys.price_down,
    "downloads": keys.downloads,
}
_NUMBERS: Final = (
    "seq",
    "row",
    "price_minor",
    *(figure.document for figure in FIGURES.values()),
    "memory_mb",
    "download_count",
    "published_ms",
    *_KEYS,
)
_MAX_WORD: Final = 40
_CARD_LIMIT: Final = 20_000


def build_schema() -> tantivy.Schema:
    builder = SchemaBuilder()
    builder.add_text_field(WORDS_FIELD, tokenizer_name=_STEMMED, index_option="position")
    # Unstemmed words of the short fields: what typing errors and suggestions are looked up in.
    builder.add_text_field("words", tokenizer_name=_PLAIN, index_option="basic")
    builder.add_text_field("title_words", tokenizer_name=_PLAIN, index_option="basic")
    for name in _COUNTED:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in _SOUGHT:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in _NUMBERS:
        builder.add_unsigned_field(name, indexed=True, fast=True)
    builder.add_unsigned_field("change", fast=True)
    builder.add_bytes_field("payload", stored=True)
    return builder.build()


def stemmed_analyzer() -> TextAnalyzer:
    return _folding().filter(Filter.stemmer("english")).build()


def plain_analyzer() -> TextAnalyzer:
    return _folding().build()


def _folding() -> TextAnalyzerBuilder:
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(_MAX_WORD))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
    )


def register_analyzers(index: tantivy.Index) -> None:
    """Must be called on every opened index, before anything is written or searched."""
    index.register_tokenizer(_STEMMED, stemmed_analyzer())
    index.register_tokenizer(_PLAIN, plain_analyzer())


def to_tantivy(document: SearchDocument, *, row: int | None) -> tantivy.Document:
    """The stored form; `row` is the place of its vector, None when it has none."""
    made = tantivy.Document()
    tags_text = " ".join((*document.tags, document.task, document.category, document.kind))
    for text in (
        *[document.title, tags_text] * _REPEATED,
        document.summary,
        f"{document.seller} {document.owner}",
        document.card[:_CARD_LIMIT],
    ):
        made.add_text(WORDS_FIELD, text)
    made.add_text("words", f"{document.title} {document.summary} {tags_text} {document.seller}")
    made.add_text("title_words", document.title)
    for name, values in _words(document).items():
        for value in dict.fromkeys(values):
            if value:
                made.add_text(name, value)
    for name, number in _numbers(document, row).items():
        if number is not None:
            made.add_unsigned(name, max(number, 0))
    made.add_bytes("payload", document.payload)
    return made


def _words(document: SearchDocument) -> dict[str, Iterable[str]]:
    regions = sorted(set(map(normal, document.regions))) or [EVERYWHERE]
    bands = {
        f"{name}_band": [figure.band(getattr(document, figure.document))]
        for name, figure in FIGURES.items()
    }
    return {
        "kind": [normal(document.kind)],
        "category": [normal(document.category)],
        "task": [normal(document.task)],
        "licence": [document.licence or ""],
        "licence_key": [normal(document.licence or "")],
        "currency": [document.currency or ""],
        "owner": [normal(document.owner)],
        "tag": map(normal, document.tags),
        "framework": map(normal, document.frameworks),
        "hardware": map(normal, document.hardware),
        "region": regions,
        "region_set": [" ".join(regions)],
        "price_band": [price_band(document.price_minor, document.currency)],
        **bands,
    }


def _numbers(document: SearchDocument, row: int | None) -> dict[str, int | None]:
    figures = {figure.document: getattr(document, figure.document) for figure in FIGURES.values()}
    return {
        "seq": document.seq,
        "row": row,
        "change": document.change,
        "price_minor": document.price_minor,
        **figures,
        "memory_mb": document.memory_mb,
        "download_count": document.downloads,
        "published_ms": document.published_at_ms,
        **{name: key(document) for name, key in _KEYS.items()},
    }
