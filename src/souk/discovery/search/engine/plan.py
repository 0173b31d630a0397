"""From typed words to what to look for: stems, mended words, phrases, unwanted words."""

from collections.abc import Callable
from typing import Final

import msgspec
import tantivy
from tantivy import Occur, Query, TextAnalyzer

from souk.discovery.search.engine.schema import (
    WORDS_FIELD,
    plain_analyzer,
    stemmed_analyzer,
)
from souk.discovery.search.engine.vocabulary import Vocabulary
from souk.discovery.search.engine.words import STOP_WORDS, read_text

_FEW: Final = 2
"""A word that so few listings hold may be a typing error of another."""
_MORE_USUAL: Final = 10
"""How many times more usual another word must be before it is tried beside a known one."""
_MENDED_WEIGHT: Final = {1: 0.7, 2: 0.4}


class Term(msgspec.Struct, frozen=True):
    """One word to find, in any of these forms."""

    forms: tuple[tuple[str, float], ...]
    """Stems, each with its weight."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for."""

    meaning: str
    """The text whose meaning is sought, with unknown words mended; empty for none."""
    terms: tuple[Term, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    unwanted: tuple[tuple[str, ...], ...] = ()
    mended: tuple[tuple[str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked: every listing matches."""
        return not (self.wants_something or self.unwanted)

    @property
    def wants_something(self) -> bool:
        """Whether matches can be ranked; else they are only kept or left out."""
        return bool(self.meaning or self.terms or self.phrases)


class Planner:
    """Makes plans against one snapshot's words. `is_word` knows the words of the language."""

    def __init__(self, is_word: Callable[[str], bool]) -> None:
        self._is_word = is_word
        self._stemmed = stemmed_analyzer()
        self._plain = plain_analyzer()

    def plan(self, text: str, *, searcher: tantivy.Searcher, vocabulary: Vocabulary) -> Plan:
        """Words no listing holds are mended, or else completed, from the vocabulary."""
        typed = read_text(text)
        terms: list[Term] = []
        mended: dict[str, str] = {}
        folded = [word for part in typed.words for word in self._plain.analyze(part)]
        wanted = [word for word in folded if word not in STOP_WORDS] or folded
        for word in dict.fromkeys(wanted):
            forms, replacement = self._forms(word, searcher, vocabulary)
            if forms:
                terms.append(Term(forms))
            if replacement:
                mended[word] = replacement
        return Plan(
            meaning=" ".join(mended.get(word.lower(), word) for word in typed.plain.split()),
            terms=tuple(terms),
            phrases=_analysed(self._stemmed, typed.phrases),
            unwanted=_analysed(self._stemmed, typed.unwanted),
            mended=tuple(mended.items()),
        )

    def _forms(
        self, word: str, searcher: tantivy.Searcher, vocabulary: Vocabulary
    ) -> tuple[tuple[tuple[str, float], ...], str | None]:
        """The stems to look for, and the word this one was most likely meant to be, if another."""
        stem = (self._stemmed.analyze(word) or [word])[0]
        holding = searcher.doc_freq(WORDS_FIELD, stem)
        if holding > _FEW:
            return ((stem, 1.0),), None
        # A real word that no listing holds is no typing error: its meaning will find what is near.
        others = [
            (other, _MENDED_WEIGHT[errors])
            for other, errors in ([] if self._is_word(word) else vocabulary.similar(word))
            if not holding or vocabulary.count(other) >= _MORE_USUAL * holding
        ]
        if not others and not holding and len(word) > 2:
            others = [(other, 0.5) for other in vocabulary.completions(word, limit=3)]
        forms: dict[str, float] = {stem: 1.0} if holding else {}
        for other, weight in others:
            for found in self._stemmed.analyze(other):
                forms.setdefault(found, weight)
        replacement = others[0][0] if others and not holding else None
        return tuple(forms.items()), replacement


def every_word(plan: Plan, schema: tantivy.Schema) -> Query:
    """Listings that hold every word, and what else must be held."""
    words = [(Occur.Must, _term_query(term, schema)) for term in plan.terms]
    return Query.boolean_query([*words, *strict_parts(plan, schema)])


def any_word(plan: Plan, schema: tantivy.Schema) -> Query:
    """Listings that hold at least one of the words, and what else must be held."""
    words = Query.boolean_query([(Occur.Should, _term_query(term, schema)) for term in plan.terms])
    strict = strict_parts(plan, schema)
    return Query.boolean_query([(Occur.Must, words), *strict]) if strict else words


def strict_parts(plan: Plan, schema: tantivy.Schema) -> list[tuple[Occur, Query]]:
    """What every match must hold or lack, however it was found."""
    return [
        *((Occur.Must, phrase_query(phrase, schema)) for phrase in plan.phrases),
        *((Occur.MustNot, phrase_query(phrase, schema)) for phrase in plan.unwanted),
    ]


def phrase_query(words: tuple[str, ...], schema: tantivy.Schema) -> Query:
    """The words side by side, in this order."""
    if len(words) == 1:
        return Query.term_query(schema, WORDS_FIELD, words[0], "freq")
    return Query.phrase_query(schema, WORDS_FIELD, list(words))


def _term_query(term: Term, schema: tantivy.Schema) -> Query:
    forms = [
        # A boost, even of 1, keeps tantivy from leaping over what cannot be among the best.
        found if weight == 1 else Query.boost_query(found, weight)
        for stem, weight in term.forms
        for found in (Query.term_query(schema, WORDS_FIELD, stem, "freq"),)
    ]
    return forms[0] if len(forms) == 1 else Query.disjunction_max_query(forms)


def _analysed(analyzer: TextAnalyzer, texts: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    read = (tuple(analyzer.analyze(text)) for text in texts)
    return tuple(words for words in read if words)
