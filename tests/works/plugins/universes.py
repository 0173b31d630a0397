"""Small random worlds of plug-ins, and a solver that tries everything."""

import itertools
from collections.abc import Iterator

from hypothesis import strategies as st

from souk.kernel.semver import is_stable
from souk.works.plugins.ranges import parse_range
from souk.works.plugins.resolution import Link, Question, Release, Wanted, works_with

NAMES = ("a/a", "b/b", "c/c", "d/d", "e/e")
VERSIONS = ("1.0.0", "1.1.0", "2.0.0-beta.1", "2.0.0")
RANGES = ("*", "^1", "^2", "1.0.0", ">=1.1", "<2", ">=2.0.0-beta.1", "<1.1 || >=2", "^3")
API = "1.0.0"


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Up to five plug-ins with a few versions each, and something that is asked of them."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    releases = {}
    for name in names:
        others = [other for other in names if other != name]
        versions = draw(st.lists(st.sampled_from(VERSIONS), unique=True, max_size=4))
        releases[name] = [_release(draw, name, version, others) for version in sorted(versions)]
    wanted = {
        name: Wanted(
            draw(st.sampled_from(RANGES[:6])), draw(st.sampled_from(("stable", "stable", "beta")))
        )
        for name in draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=3))
    }
    locked = {
        name: draw(st.sampled_from(releases[name])).version
        for name in names
        if releases[name] and draw(st.booleans())
    }
    keep = {name for name in locked if draw(st.booleans())}
    return Question(releases=releases, wanted=wanted, locked=locked, keep=keep, api_version=API)


def _release(draw: st.DrawFn, name: str, version: str, others: list[str]) -> Release:
    linked = draw(st.lists(st.sampled_from(others), unique=True, max_size=3)) if others else []
    kinds = st.sampled_from(("needs", "needs", "needs", "optional", "conflicts"))
    return Release(
        plugin=name,
        version=version,
        souk=draw(st.sampled_from(("*", "*", "*", "^2"))),
        links=tuple(Link(o, draw(st.sampled_from(RANGES)), draw(kinds)) for o in linked),
        yanked=draw(st.sampled_from((False, False, False, True))),
        retired=draw(st.sampled_from((False, False, False, False, True))),
    )


def answers(question: Question) -> Iterator[dict[str, Release]]:
    """Every choice that satisfies everything, found by trying all there are."""
    names = sorted(question.releases)
    choices = [[None, *(r for r in question.releases[n] if usable(r, question))] for n in names]
    for combination in itertools.product(*choices):
        chosen = {one.plugin: one for one in combination if one is not None}
        if holds(chosen, question):
            yield chosen


def usable(release: Release, question: Question) -> bool:
    locked = question.locked.get(release.plugin) == release.version
    offered = not (release.yanked or release.retired)
    return works_with(release.souk, question.api_version) and (locked or offered)


def holds(chosen: dict[str, Release], question: Question) -> bool:
    """Whether a choice keeps every rule (it may hold more than is needed)."""
    for name, wanted in question.wanted.items():
        if name not in chosen or not admitted(wanted.range, chosen[name], question):
            return False
    for release in chosen.values():
        for link in release.links:
            other = chosen.get(link.plugin)
            if other is None:
                if link.kind == "needs":
                    return False
            elif link.kind == "conflicts":
                if parse_range(link.range).spans(other.key):
                    return False
            elif not admitted(link.range, other, question):
                return False
    return True


def admitted(text: str, release: Release, question: Question) -> bool:
    root = question.wanted.get(release.plugin)
    beta = root is not None and root.channel == "beta"
    locked = question.locked.get(release.plugin) == release.version
    if not is_stable(release.version) and not (beta or locked or "-" in text):
        return False
    return parse_range(text).spans(release.key)
