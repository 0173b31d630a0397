"""The choice of versions beside a solver that tries everything; its words when nothing fits."""

import pytest
from hypothesis import given, settings

from souk.works.plugins.explaining import explain, unmet
from souk.works.plugins.resolution import (
    Link,
    NothingFits,
    Question,
    Release,
    Wanted,
    choose,
    newest,
)
from tests.works.plugins.universes import API, answers, holds, questions, usable


def release(plugin: str, version: str, *links: Link, **fields: object) -> Release:
    return Release(plugin=plugin, version=version, links=links, **fields)  # type: ignore[arg-type]


def needs(plugin: str, versions: str = "*") -> Link:
    return Link(plugin, versions, "needs")


def ask(*releases: Release, wanted: dict[str, Wanted], **fields: object) -> dict[str, str]:
    """The versions that are chosen, by address."""
    return {
        name: one.version
        for name, one in choose(question(*releases, wanted=wanted, **fields)).items()
    }


def question(*releases: Release, wanted: dict[str, Wanted], **fields: object) -> Question:
    world: dict[str, list[Release]] = {}
    for one in releases:
        world.setdefault(one.plugin, []).append(one)
    return Question(releases=world, wanted=wanted, api_version=API, **fields)  # type: ignore[arg-type]


@settings(max_examples=1500, deadline=None)
@given(questions())
def test_there_is_an_answer_exactly_when_trying_everything_finds_one(asked: Question) -> None:
    possible = next(answers(asked), None)
    try:
        chosen = choose(asked)
    except NothingFits as failure:
        assert possible is None, f"there is {possible}"
        assert all(explain(failure, asked))
        return
    assert possible is not None
    assert holds(chosen, asked) and not unmet(list(chosen.values()))
    assert all(usable(one, asked) for one in chosen.values())


@settings(max_examples=300, deadline=None)
@given(questions())
def test_an_answer_holds_nothing_that_nobody_needs_and_is_always_the_same(asked: Question) -> None:
    try:
        chosen = choose(asked)
    except NothingFits:
        return
    needed = set(asked.wanted)
    for _ in chosen:
        needed |= {
            link.plugin
            for one in chosen.values()
            if one.plugin in needed
            for link in one.links
            if link.kind == "needs"
        }
    assert chosen.keys() == needed
    turned = Question(
        releases={name: list(reversed(rs)) for name, rs in reversed(asked.releases.items())},
        wanted=dict(reversed(asked.wanted.items())),
        locked=asked.locked,
        keep=asked.keep,
        api_version=API,
    )
    assert choose(turned) == chosen


@settings(max_examples=300, deadline=None)
@given(questions())
def test_what_is_kept_and_still_fits_as_a_whole_does_not_move(asked: Question) -> None:
    try:
        before = choose(asked)
    except NothingFits:
        return
    locked = {name: one.version for name, one in before.items()}
    again = Question(
        releases=asked.releases,
        wanted=asked.wanted,
        locked=locked,
        keep=set(locked),
        api_version=API,
    )
    assert choose(again) == before
