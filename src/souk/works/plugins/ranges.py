"""Ranges of semantic versions, as manifests and installations write them.

`^1.2.3`, `~1.2`, `>=1.0 <2.0`, `1.x`, `1.2` (as `1.2.x`), `1.2.3` (that one), `*`; a space (or
comma) between two means both, `||` means either. An upper bound never lets in pre-releases of
itself: `<2.0.0` and `^1` do not hold 2.0.0-beta.1. A range admits pre-releases only when it names
one.
"""

import re
from functools import lru_cache
from typing import Final

import msgspec

from souk.kernel.semver import PrecedenceKey, is_stable, precedence

MAX_LENGTH: Final = 200
_TOKEN: Final = re.compile(
    r"(?P<op>\^|~|>=|<=|>|<|=)?\s*v?(?P<version>\*|[xX]|[0-9][0-9A-Za-z.*+-]*)"
)
_PARTIAL: Final = re.compile(
    r"(?P<major>0|[1-9]\d{0,15}|[xX*])"
    r"(?:\.(?P<minor>0|[1-9]\d{0,15}|[xX*])(?:\.(?P<patch>0|[1-9]\d{0,15}|[xX*]))?)?"
    r"(?P<pre>-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z.-]+)?"
)


class RangeError(ValueError):
    """A text that is no range; the message says why."""


class _Span(msgspec.Struct, frozen=True):
    """Versions from `low` (itself included) up to, but not including, `high`."""

    low: PrecedenceKey | None = None
    high: PrecedenceKey | None = None

    def holds(self, key: PrecedenceKey) -> bool:
        return (self.low is None or key >= self.low) and (self.high is None or key < self.high)


class VersionRange(msgspec.Struct, frozen=True):
    """A range, ready to be asked."""

    text: str
    alternatives: tuple[tuple[_Span, ...], ...]
    names_prerelease: bool

    def holds(self, version: str, *, prereleases: bool = False) -> bool:
        """Whether a version is in the range.

        Args:
            prereleases: admits pre-releases though the range names none.
        """
        if not (prereleases or self.names_prerelease or is_stable(version)):
            return False
        return self.spans(precedence(version))

    def spans(self, key: PrecedenceKey) -> bool:
        """Whether a place in the order of versions is in the range, pre-release or not."""
        return any(all(span.holds(key) for span in spans) for spans in self.alternatives)


@lru_cache(maxsize=4096)
def parse_range(text: str) -> VersionRange:
    """Reads a range.

    Raises:
        RangeError: it is none.
    """
    if len(text) > MAX_LENGTH:
        raise RangeError(f"a range has at most {MAX_LENGTH} characters")
    alternatives = tuple(_spans_of(part) for part in text.split("||"))
    return VersionRange(text.strip(), alternatives, "-" in text)


def _spans_of(text: str) -> tuple[_Span, ...]:
    rest = text.replace(",", " ").strip()
    spans = []
    while rest:
        found = _TOKEN.match(rest)
        if found is None:
            raise RangeError(f"{rest[:40]!r} is no version range such as ^1.2 or >=1.0 <2.0")
        spans.append(_span(found["op"] or "", found["version"]))
        rest = rest[found.end() :].lstrip()
    if not spans:
        raise RangeError("a range is empty; use * for every version")
    return tuple(spans)


def _span(operator: str, text: str) -> _Span:
    found = _PARTIAL.fullmatch(text)
    if found is None:
        raise RangeError(f"{text[:40]!r} is no semantic version")
    numbers: list[int] = []
    for name in ("major", "minor", "patch"):
        part = found[name]
        if part is None or part in "xX*":
            break
        numbers.append(int(part))
    given = [found[name] for name in ("major", "minor", "patch")]
    if any(part is not None and part not in "xX*" for part in given[len(numbers) :]):
        raise RangeError(f"{text[:40]!r} has a number after a wildcard")
    if found["pre"] and len(numbers) < 3:
        raise RangeError(f"{text[:40]!r} has a pre-release without all three numbers")
    return _bounds(operator, numbers, found["pre"] or "")


def _bounds(operator: str, numbers: list[int], prerelease: str) -> _Span:
    if not numbers:  # a wildcard alone
        return _Span(high=_floor([0])) if operator in ("<", ">") else _Span()
    whole = len(numbers) == 3
    exact = precedence(".".join(map(str, [*numbers, 0, 0][:3])) + prerelease)
    match operator:
        case ">=":
            return _Span(low=exact)
        case "<":
            return _Span(high=exact if prerelease else _floor(numbers))
        case ">":
            return _Span(low=_just_above(exact) if whole else _release(_raised(numbers)))
        case "<=":
            return _Span(high=_just_above(exact) if whole else _floor(_raised(numbers)))
        case "^":
            return _Span(exact, _floor(_raised(_caret(numbers))))
        case "~":
            return _Span(exact, _floor(_raised(numbers[:2])))
        case _:
            return _Span(exact, _just_above(exact) if whole else _floor(_raised(numbers)))


def _caret(numbers: list[int]) -> list[int]:
    """Up to the first number that is not zero: what may not change."""
    for index, number in enumerate(numbers):
        if number:
            return numbers[: index + 1]
    return numbers


def _raised(numbers: list[int]) -> list[int]:
    return [*numbers[:-1], numbers[-1] + 1]


def _padded(numbers: list[int]) -> tuple[int, int, int]:
    major, minor, patch = [*numbers, 0, 0][:3]
    return major, minor, patch


def _floor(numbers: list[int]) -> PrecedenceKey:
    """Below every pre-release of a version."""
    return _padded(numbers), False, ()


def _release(numbers: list[int]) -> PrecedenceKey:
    return _padded(numbers), True, ()


def _just_above(key: PrecedenceKey) -> PrecedenceKey:
    """The next place after a version: longer pre-release identifiers come after shorter ones."""
    core, released, identifiers = key
    if released:
        return core, True, ((False, 0, ""),)
    return core, False, (*identifiers, (False, -1, ""))
