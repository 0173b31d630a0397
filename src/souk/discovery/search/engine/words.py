"""Reads what a person typed: words, "exact phrases" and -unwanted words."""

import re
from typing import Final

import msgspec

MAX_TEXT: Final = 1_000
MAX_WORDS: Final = 24

_PART: Final = re.compile(r'(-?)"([^"]*)"|(\S+)')

# The most common English words: they say nothing about what is sought.
STOP_WORDS: Final = frozenset(
    """
    a about all also an and any are as at be been but by can could do does for from had has
    have how i if in into is it its me my no not of on or our out so some such than that the
    their them then there these they this those to too up us want was we were what when where
    which who why will with would you your
    """.split()
)


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a query text."""

    plain: str
    """Everything wanted, as one text, for the search by meaning."""
    words: tuple[str, ...]
    phrases: tuple[str, ...]
    unwanted: tuple[str, ...]


def read_text(text: str) -> Typed:
    """Splits a query text; anything past the limits is left out."""
    plain: list[str] = []
    words: list[str] = []
    phrases: list[str] = []
    unwanted: list[str] = []
    for minus, phrase, word in _PART.findall(text[:MAX_TEXT]):
        if len(plain) + len(unwanted) >= MAX_WORDS:
            break
        if phrase:
            (unwanted if minus else phrases).append(phrase)
            if not minus:
                plain.append(phrase)
        elif len(word) > 1 and word.startswith("-"):
            unwanted.append(word[1:])
        elif word and word != '""':
            plain.append(word)
            words.append(word.replace('"', " "))
    return Typed(
        plain=" ".join(plain),
        words=tuple(words),
        phrases=tuple(phrases),
        unwanted=tuple(unwanted),
    )
