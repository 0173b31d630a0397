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


@settings(max_examples=400, deadline=None)
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


@settings(max_examples=150, deadline=None)
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


@settings(max_examples=150, deadline=None)
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


def test_the_newest_that_fits_is_taken_and_what_is_kept_stays() -> None:
    world = (
        release("a/a", "1.0.0", needs("b/b")),
        release("a/a", "1.1.0", needs("b/b")),
        release("b/b", "1.0.0"),
        release("b/b", "1.1.0", yanked=True),
        release("b/b", "2.0.0", souk="^2"),
    )
    wanted = {"a/a": Wanted()}
    assert ask(*world, wanted=wanted) == {"a/a": "1.1.0", "b/b": "1.0.0"}
    locked = {"a/a": "1.0.0", "b/b": "1.1.0"}
    assert ask(*world, wanted=wanted, locked=locked, keep=set(locked)) == locked
    moved = ask(*world, wanted=wanted, locked=locked, keep={"a/a"})
    assert moved == {"a/a": "1.0.0", "b/b": "1.0.0"}, "a withdrawn version is left when it can be"


def test_plugins_that_need_each_other_are_chosen_together() -> None:
    world = (
        release("a/a", "2.0.0", needs("b/b", "^2")),
        release("a/a", "1.0.0", needs("b/b", "^1")),
        release("b/b", "2.0.0", needs("a/a", "<2")),
        release("b/b", "1.0.0", needs("a/a", "<2")),
    )
    assert ask(*world, wanted={"a/a": Wanted()}) == {"a/a": "1.0.0", "b/b": "1.0.0"}


def test_an_optional_plugin_is_not_installed_but_its_range_holds_when_it_is() -> None:
    extra = Link("b/b", "^1", "optional")
    world = (release("a/a", "1.0.0", extra), release("b/b", "1.0.0"), release("b/b", "2.0.0"))
    assert ask(*world, wanted={"a/a": Wanted()}) == {"a/a": "1.0.0"}
    both = ask(*world, wanted={"a/a": Wanted(), "b/b": Wanted()})
    assert both == {"a/a": "1.0.0", "b/b": "1.0.0"}


def test_a_search_without_end_is_given_up() -> None:
    names = [f"p/{number}" for number in range(12)]
    world = [
        release(name, f"{version}.0.0", *(needs(o, f"<{version}") for o in names if o != name))
        for name in names
        for version in range(1, 6)
    ]
    asked = question(*world, wanted={name: Wanted() for name in names}, max_rounds=60)
    with pytest.raises(NothingFits) as caught:
        choose(asked)
    assert explain(caught.value, asked)
