"""Reads a query: finds the filters among the words, and says where one cannot be read.

    query  = { filter | phrase | word }
    filter = [ "-" ] field operator values        no space inside, but between quotes
    operator = ":" | ":<" | ":<=" | ":>" | ":>=" | ":=" | "<" | "<=" | ">" | ">=" | "="
    values = value { "," value }                  of a figure one value, or a range `low..high`
    value  = characters without space and comma | '"' characters '"'

A word that only looks like a filter (`http://…`, `std::sort`, `10:30`) is a word.
"""

import re
import unicodedata
from typing import Final, Literal, cast

import msgspec

from souk.discovery.search.errors import QueryInvalid
from souk.discovery.search.model import Filters
from souk.discovery.search.query.fields import (
    CURRENCY,
    FIELDS,
    MEMORY,
    PRICE,
    WORD_FIELDS,
    field_named,
    nearest,
    nearest_field,
)
from souk.discovery.search.query.figures import FigureError, read_currency
from souk.discovery.search.query.gathering import Comparison, Gathered, Where

MAX_QUERY: Final = 1_000
MAX_FILTERS: Final = 30
MAX_VALUES: Final = 20

Op = Literal[":", "<", "<=", ">", ">=", "=", ".."]

_HEAD: Final = re.compile(r"(-?)([A-Za-z][A-Za-z_]{0,39})(:(?:<=|>=|<|>|=)?|<=|>=|<|>|=)")
_PHRASE: Final = re.compile(r'-?"[^"]*"')
_ITEM: Final = re.compile(r'"([^"]*)"|([^\s,]*)')
_WORD: Final = re.compile(r"\S+")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A filter as it was understood, and where it was written."""

    field: str
    op: Op
    value: str
    negated: bool
    start: int
    end: int


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What a query asks for."""

    text: str
    """Its words, phrases and unwanted words, without the filters."""
    filters: Filters
    parts: tuple[Part, ...] = ()


def read_query(typed: str, *, currency: str) -> Query:
    """Reads what somebody typed.

    Args:
        currency: what prices without one are in.

    Raises:
        QueryInvalid: `query_invalid`.
    """
    check_characters(typed)
    reading = _Reading(typed, currency)
    reading.read()
    filters = reading.gathered.filters()
    prices = iter(reading.gathered.prices_shown())
    parts = tuple(
        msgspec.structs.replace(part, value=next(prices)) if part.field == PRICE else part
        for part in reading.parts
    )
    return Query(text=reading.words(), filters=filters, parts=parts)


class _Reading:
    """One query being read from left to right."""

    def __init__(self, typed: str, currency: str) -> None:
        self._typed = typed
        self._at = 0
        self.gathered = Gathered(currency)
        self.parts: list[Part] = []

    def read(self) -> None:
        while self._at < len(self._typed):
            if self._typed[self._at].isspace():
                self._at += 1
            elif phrase := _PHRASE.match(self._typed, self._at):
                self._at = phrase.end()
            elif not self._filter():
                word = _WORD.match(self._typed, self._at)
                assert word is not None
                self._at = word.end()

    def words(self) -> str:
        kept, at = [], 0
        for part in self.parts:
            kept.append(self._typed[at : part.start])
            at = part.end
        return " ".join(" ".join([*kept, self._typed[at:]]).split())

    def _filter(self) -> bool:
        """Reads the filter that begins here; whether there was one."""
        head = _HEAD.match(self._typed, self._at)
        if head is None:
            return False
        field = field_named(head[2])
        if field is None:
            if self._is_only_a_word(head):
                return False
            raise self._unknown_field(head)
        if len(self.parts) == MAX_FILTERS:
            raise self._wrong(
                f"A query may hold at most {MAX_FILTERS} filters; leave some out.", head.span()
            )
        if field in WORD_FIELDS or field == CURRENCY:
            self._words_filter(head, field)
        else:
            self._figure_filter(head, field)
        return True

    def _is_only_a_word(self, head: re.Match[str]) -> bool:
        after = self._typed[head.end() : head.end() + 1]
        if not head[3].startswith(":"):
            return nearest_field(head[2]) is None or not after.strip()
        return len(head[2]) == 1 or not after.strip() or after in ":/\\"

    def _unknown_field(self, head: re.Match[str]) -> QueryInvalid:
        start, end = head.span(2)
        meant = nearest_field(head[2])
        rest = self._typed[head.start() :].split(maxsplit=1)[0]
        hint = (
            f"did you mean {meant}:?"
            if meant
            else f"known are {', '.join(FIELDS)}. To search for these words, quote them:"
            f' "{rest[:40]}".'
        )
        return self._wrong(f"There is no field {head[2]!r}; {hint}", (start, end), instead=meant)

    def _words_filter(self, head: re.Match[str], field: str) -> None:
        if head[3] not in (":", "=", ":="):
            raise self._wrong(
                f"{field} takes words, not a comparison; write {field}:value.", head.span(3)
            )
        values = []
        for value, where in self._values(head, field):
            values.append(self._word_value(field, value, where))
        negated = bool(head[1])
        if field != CURRENCY:
            self.gathered.words(field, values, negated=negated)
        elif negated or len(values) > 1:
            raise self._wrong(
                "currency takes one value; write for example currency:eur.",
                (head.start(), self._at),
            )
        else:
            self.gathered.currency(values[0], Where(head.start(), self._at))
        self._add(head, field, ":", ", ".join(values))

    def _word_value(self, field: str, value: str, where: tuple[int, int]) -> str:
        if field == CURRENCY:
            try:
                return read_currency(value)
            except FigureError as error:
                raise self._wrong(f"{_sentence(error)}.", where) from error
        known = WORD_FIELDS[field].known(value)
        if known is None:
            choices = WORD_FIELDS[field].choices
            meant = nearest(value, (*choices, *WORD_FIELDS[field].names))
            hint = f"did you mean {meant}?" if meant else f"it is one of {', '.join(choices)}."
            raise self._wrong(f"There is no {field} {value[:40]!r}; {hint}", where, instead=meant)
        return known

    def _figure_filter(self, head: re.Match[str], field: str) -> None:
        if head[1]:
            raise self._wrong(
                f"A comparison cannot be excluded; turn it round, as in {field}:>=10.",
                head.span(1),
            )
        [(text, where)] = self._values(head, field, single=True)
        op = head[3].removeprefix(":") or "="
        if op == "=" and ".." in text:
            op = ".."
        elif field == MEMORY and op == "=":
            op = "<="  # what asks for at most that much runs with it
        comparison = Comparison(field, op, text, Where(*where))
        try:
            shown = self.gathered.figure(comparison)
        except FigureError as error:
            raise self._wrong(f"{_sentence(error)}.", where) from error
        self._add(head, field, cast(Op, op), shown)

    def _add(self, head: re.Match[str], field: str, op: Op, shown: str) -> None:
        self.parts.append(
            Part(
                field=field,
                op=op,
                value=shown,
                negated=bool(head[1]),
                start=head.start(),
                end=self._at,
            )
        )

    def _values(
        self, head: re.Match[str], field: str, *, single: bool = False
    ) -> list[tuple[str, tuple[int, int]]]:
        """The values after an operator, each with where it stands; reads past them."""
        at = head.end()
        found: list[tuple[str, tuple[int, int]]] = []
        while True:
            item = _ITEM.match(self._typed, at)
            assert item is not None
            quoted = item[1] is not None
            value, where = (item[1], item.span()) if quoted else (item[2], item.span())
            self._check_value(head, field, value, where, quoted=quoted)
            found.append((value, where))
            at = item.end()
            if self._typed[at : at + 1] != ",":
                break
            if single:
                raise self._wrong(
                    f"{field} takes one number, without commas; a range is {field}:5..20.",
                    (where[0], at + 1),
                )
            if len(found) == MAX_VALUES:
                raise self._wrong(
                    f"{field} takes at most {MAX_VALUES} values; leave some out.",
                    (head.start(), at),
                )
            at += 1
        if self._typed[at : at + 1].strip():
            raise self._wrong("Put a space after a quoted value.", (at, at + 1))
        self._at = at
        return found

    def _check_value(
        self,
        head: re.Match[str],
        field: str,
        value: str,
        where: tuple[int, int],
        *,
        quoted: bool,
    ) -> None:
        if not value.strip():
            raise self._wrong(
                f"{field}{head[3]} needs a value right after it, without a space.",
                (head.start(), max(where[1], head.end())),
            )
        if not quoted and value.startswith('"'):
            raise self._wrong('This quotation mark is not closed; add a " at its end.', where)

    def _wrong(
        self, detail: str, where: tuple[int, int], *, instead: str | None = None
    ) -> QueryInvalid:
        start, end = where
        mended = None
        if instead is not None:
            mended = f"{self._typed[:start]}{instead}{self._typed[end:]}"
        return QueryInvalid(detail, position=start, length=end - start, suggestion=mended)


def check_characters(typed: str) -> None:
    """Raises QueryInvalid for a text too long, or with what nobody can type."""
    if len(typed) > MAX_QUERY:
        raise QueryInvalid(
            f"A query may have at most {MAX_QUERY:,} characters; this one has {len(typed):,}."
            " Shorten it.",
            position=MAX_QUERY,
            length=len(typed) - MAX_QUERY,
        )
    for place, sign in enumerate(typed):
        if unicodedata.category(sign) in ("Cc", "Cs") and not sign.isspace():
            raise QueryInvalid(
                f"The query holds the control character U+{ord(sign):04X}; take it out.",
                position=place,
                length=1,
            )


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]
