"""Suggestions while someone types: ends of the last word or filter, and listings by title."""

import re
from typing import Final

import msgspec
import tantivy
from tantivy import Occur, Order, Query

from souk.discovery.search.engine.cache import SnapshotCache
from souk.discovery.search.engine.completing import complete_field, complete_value
from souk.discovery.search.engine.reader import Snapshot
from souk.discovery.search.engine.schema import plain_analyzer
from souk.discovery.search.model import Completion
from souk.discovery.search.query.fields import field_named

_MAX_WORDS: Final = 8
_WORD_SHARE: Final = 3
"""At most this many suggestions are words; the rest are listings."""
_KEPT: Final = 2_000
_TOKEN: Final = re.compile(r'-?[A-Za-z_]+(?::|<|>|=)(?:"[^"]*"?|[^\s"])*|\S+')
_FILTER: Final = re.compile(r"(-?)([A-Za-z_]+)(:|[<>=])(.*)", re.DOTALL)


class _Typed(msgspec.Struct, frozen=True):
    """What is typed so far: whole filters, words, and what the last token begins."""

    filters: tuple[str, ...]
    words: tuple[str, ...]
    last: str
    """The token being typed; empty after a space."""


class Suggesting:
    """Thread-safe."""

    def __init__(self) -> None:
        self._plain = plain_analyzer()
        self._known: SnapshotCache[tuple[str, int], list[Completion]] = SnapshotCache(_KEPT)

    def suggest(self, snapshot: Snapshot, typed: str, *, limit: int) -> list[Completion]:
        """Ends of a filter that is being typed; else fields that begin so, words, and listings
        whose titles hold all the words. A word nobody uses is taken for a typing error."""
        key = (typed, limit)
        found = self._known.get(snapshot.version, key)
        if found is None:
            found = self._suggest(snapshot, typed, limit)
            self._known.put(snapshot.version, key, found)
        return found

    def _suggest(self, snapshot: Snapshot, typed: str, limit: int) -> list[Completion]:
        read = _read(typed)
        before = typed[: len(typed) - len(read.last)]
        begun = _FILTER.fullmatch(read.last)
        if begun is not None and (begun[3] == ":" or field_named(begun[2])):
            return complete_value(snapshot, before, begun, limit=limit)
        fields = complete_field(before, read.last)
        words = self._words(snapshot, read, limit=limit)
        return [*fields, *words][:limit]

    def _words(self, snapshot: Snapshot, read: _Typed, *, limit: int) -> list[Completion]:
        words = [word for part in (*read.words, read.last) for word in self._plain.analyze(part)]
        words = words[:_MAX_WORDS]
        if not words:
            return []
        words = [_known(word, snapshot) for word in words[:-1]] + words[-1:]
        endings = _endings(words[-1], snapshot)
        listings = _titles(snapshot, words[:-1], endings, limit=limit)
        texts = [" ".join([*words[:-1], ending]) for ending in endings[:_WORD_SHARE]]
        kept = [
            Completion(text=" ".join([*read.filters, text]))
            for text in texts
            if text != " ".join(words)
        ]
        return [*kept[: max(1, limit - len(listings))], *listings]


def _read(typed: str) -> _Typed:
    tokens = _TOKEN.findall(typed)
    last = "" if not tokens or typed[-1:].isspace() else tokens.pop()
    filters: list[str] = []
    words: list[str] = []
    for token in tokens:
        match = _FILTER.fullmatch(token)
        is_filter = match is not None and field_named(match[2]) is not None
        (filters if is_filter else words).append(token)
    if not last and words:
        # After a space the last word is whole, and may still be mended.
        last = words.pop()
    return _Typed(tuple(filters), tuple(words), last)


def _known(word: str, snapshot: Snapshot) -> str:
    if snapshot.vocabulary.count(word):
        return word
    similar = snapshot.vocabulary.similar(word, limit=1)
    return similar[0][0] if similar else word


def _endings(word: str, snapshot: Snapshot) -> list[str]:
    """Words that begin like this one, the most used first; else those it may have been meant as,
    or as the beginning of."""
    vocabulary = snapshot.vocabulary
    return (
        vocabulary.completions(word)
        or [other for other, _ in vocabulary.similar(word)]
        or vocabulary.begun_like(word)
        or [word]
    )


def _titles(
    snapshot: Snapshot, words: list[str], endings: list[str], *, limit: int
) -> list[Completion]:
    """The most downloaded listings with all these words in their titles."""
    schema = snapshot.schema
    last = Query.boolean_query([(Occur.Should, _in_title(schema, one)) for one in endings])
    query = Query.boolean_query(
        [*((Occur.Must, _in_title(schema, word)) for word in words), (Occur.Must, last)]
    )
    found = snapshot.searcher.search(
        query, limit, count=False, order_by_field="downloads", order=Order.Desc
    )
    payloads = [snapshot.searcher.doc(address).get_first("payload") for _, address in found.hits]
    return [Completion(text="", payload=bytes(payload or b"")) for payload in payloads]


def _in_title(schema: tantivy.Schema, word: str) -> Query:
    return Query.term_query(schema, "title_words", word, "basic")
