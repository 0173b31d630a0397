"""The tantivy schema: which fields are searched, filtered, counted and sorted by."""

from typing import Final

import tantivy
from tantivy import Filter, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from souk.discovery.search.engine import keys
from souk.discovery.search.model import SearchDocument, Sort

FORMAT: Final = 5
"""Raise when the schema or the files change shape: an older index is then rebuilt."""

WORDS_FIELD: Final = "everything"
"""All texts of a listing as values of one field, those that weigh more repeated: one list of
listings to read for a word instead of five, and on Cranfield a ranking no worse. Between two values
lies a gap, so that no phrase reaches across them."""
_REPEATED: Final = 3
"""How often title and tags are counted."""
FACETS: Final = ("kind", "category", "task", "tag", "licence", "currency", "price")
SORT_FIELDS: Final = {
    Sort.TRENDING: ("downloads", False),
    Sort.NEWEST: ("newest", False),
    Sort.RATING: ("downloads", False),
    Sort.PRICE_ASC: ("price_up", True),
    Sort.PRICE_DESC: ("price_down", False),
    Sort.DOWNLOADS: ("downloads", False),
}
"""The field a sort goes by, and whether it ascends."""

_STEMMED: Final = "souk_stemmed"
_PLAIN: Final = "souk_plain"
_KEYWORDS: Final = (*FACETS, "owner")
_NUMBERS: Final = ("seq", "row", "price_minor", "newest", "price_up", "price_down", "downloads")
_MAX_WORD: Final = 40
_CARD_LIMIT: Final = 20_000


def build_schema() -> tantivy.Schema:
    builder = SchemaBuilder()
    builder.add_text_field(WORDS_FIELD, tokenizer_name=_STEMMED, index_option="position")
    # Unstemmed words of the short fields: what typing errors and suggestions are looked up in.
    builder.add_text_field("words", tokenizer_name=_PLAIN, index_option="basic")
    builder.add_text_field("title_words", tokenizer_name=_PLAIN, index_option="basic")
    for name in _KEYWORDS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
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


def normal_tag(tag: str) -> str:
    """The form tags are counted and filtered in."""
    return tag.strip().lower()


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
    for name, value in (
        ("kind", document.kind),
        ("category", document.category),
        ("task", document.task),
        ("licence", document.licence),
        ("currency", document.currency),
        ("owner", document.owner),
        ("price", keys.price_band(document)),
    ):
        if value:
            made.add_text(name, value)
    for tag in dict.fromkeys(map(normal_tag, document.tags)):
        made.add_text("tag", tag)
    for name, number in (
        ("seq", document.seq),
        ("row", row),
        ("change", document.change),
        ("price_minor", document.price_minor),
        ("newest", keys.newest(document)),
        ("price_up", keys.price_up(document)),
        ("price_down", keys.price_down(document)),
        ("downloads", keys.downloads(document)),
    ):
        if number is not None:
            made.add_unsigned(name, number)
    made.add_bytes("payload", document.payload)
    return made
