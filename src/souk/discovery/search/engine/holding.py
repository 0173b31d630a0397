"""Holds a few listings against many questions at once: which of them each one matches.

The other way round than searching: the listings are few and known, the questions thousands. So
there is no ranking, no counting of facets and no meaning; words are looked for as they stand, in
any of their forms, and every one of them must be there.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from tantivy import Occur, Query

from souk.discovery.search.engine.filters import filter_parts
from souk.discovery.search.engine.plan import Plan, Term, every_word, strict_parts
from souk.discovery.search.engine.reader import Snapshot
from souk.discovery.search.engine.schema import plain_analyzer, stemmed_analyzer
from souk.discovery.search.engine.words import STOP_WORDS, read_text
from souk.discovery.search.model import Filters

MOST: Final = 10_000
"""Listings that are held against questions at once."""


class Asked(msgspec.Struct, frozen=True):
    """A question, read already."""

    text: str
    filters: Filters


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The listings, by their numbers in the index, and what each question matches of them."""

    payloads: dict[int, bytes]
    matched: list[list[int]]
    """For each question, in their order."""


class Holding:
    """Thread-safe."""

    def __init__(self, *, own_currency: str) -> None:
        self._own_currency = own_currency
        self._stemmed = stemmed_analyzer()
        self._plain = plain_analyzer()

    def hold(self, snapshot: Snapshot, within: Filters, asked: Sequence[Asked]) -> Held:
        """Which of the listings within these filters each question matches."""
        schema, searcher = snapshot.schema, snapshot.searcher
        narrow = filter_parts(within, schema, own_currency=self._own_currency)
        listings = Query.boolean_query([(Occur.Must, Query.all_query()), *narrow])
        found = searcher.search(listings, MOST, count=False).hits
        addresses = [address for _, address in found]
        seqs = [int(seq or 0) for seq in searcher.fast_field_values("seq", addresses)]
        payloads = {
            seq: bytes(searcher.doc(address).get_first("payload") or b"")
            for seq, address in zip(seqs, addresses, strict=True)
        }
        matched: list[list[int]] = []
        for one in asked:
            query = self._query(snapshot, one) if payloads else None
            if query is None:
                matched.append([])
                continue
            narrowed = Query.boolean_query([(Occur.Must, query), *narrow])
            hits = searcher.search(narrowed, len(payloads), count=False).hits
            places = [address for _, address in hits]
            numbers = searcher.fast_field_values("seq", places) if places else []
            matched.append([int(number or 0) for number in numbers])
        return Held(payloads=payloads, matched=matched)

    def _query(self, snapshot: Snapshot, asked: Asked) -> Query | None:
        """None when no listing can match: there were words, and nothing of them can be found."""
        plan = self._plan(asked.text)
        if not (plan.terms or plan.phrases):
            if plan.meaning:
                return None
            unwanted = strict_parts(plan, snapshot.schema)
            words = Query.boolean_query([(Occur.Must, Query.all_query()), *unwanted])
        else:
            words = every_word(plan, snapshot.schema)
        parts = filter_parts(asked.filters, snapshot.schema, own_currency=self._own_currency)
        return Query.boolean_query([(Occur.Must, words), *parts])

    def _plan(self, text: str) -> Plan:
        typed = read_text(text)
        folded = [word for part in typed.words for word in self._plain.analyze(part)]
        wanted = [word for word in folded if word not in STOP_WORDS] or folded
        stems = dict.fromkeys(
            (self._stemmed.analyze(word) or [word])[0] for word in dict.fromkeys(wanted)
        )
        return Plan(
            meaning=typed.plain,
            terms=tuple(Term(((stem, 1.0),)) for stem in stems),
            phrases=self._analysed(typed.phrases),
            unwanted=self._analysed(typed.unwanted),
        )

    def _analysed(self, texts: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        read = (tuple(self._stemmed.analyze(text)) for text in texts)
        return tuple(words for words in read if words)
