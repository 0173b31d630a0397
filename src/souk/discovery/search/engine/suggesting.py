"""Suggestions while someone types: ends of the last word, and listings whose titles fit."""

from typing import Final

import tantivy
from tantivy import Occur, Order, Query

from souk.discovery.search.engine.reader import Snapshot
from souk.discovery.search.engine.schema import plain_analyzer
from souk.discovery.search.engine.words import MAX_TEXT
from souk.discovery.search.model import Completion

_MAX_WORDS: Final = 8
_WORD_SHARE: Final = 3
"""At most this many suggestions are words; the rest are listings."""


class Suggesting:
    """Thread-safe."""

    def __init__(self) -> None:
        self._plain = plain_analyzer()

    def suggest(self, snapshot: Snapshot, typed: str, *, limit: int) -> list[Completion]:
        """Listings whose titles hold all the words, the last of them perhaps unfinished; then
        words. A word nobody uses is taken for a typing error."""
        words = self._plain.analyze(typed[:MAX_TEXT])[:_MAX_WORDS]
        if not words:
            return []
        words = [_known(word, snapshot) for word in words[:-1]] + words[-1:]
        endings = _endings(words[-1], snapshot)
        listings = _titles(snapshot, words[:-1], endings, limit=limit)
        texts = [" ".join([*words[:-1], ending]) for ending in endings[:_WORD_SHARE]]
        kept = [Completion(text=text) for text in texts if text != " ".join(words)]
        return [*kept[: max(1, limit - len(listings))], *listings][:limit]


def _known(word: str, snapshot: Snapshot) -> str:
    if snapshot.vocabulary.count(word):
        return word
    similar = snapshot.vocabulary.similar(word, limit=1)
    return similar[0][0] if similar else word


def _endings(word: str, snapshot: Snapshot) -> list[str]:
    """Words that begin like this one, the most used first; else those it may have been meant as."""
    found = snapshot.vocabulary.completions(word)
    return found or [other for other, _ in snapshot.vocabulary.similar(word)] or [word]


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
