"""Choosing versions among 500 plug-ins, beside a search that tries everything in order."""

import contextlib
import random
import time
from collections.abc import Callable, Sequence
from typing import Final

from bench._harness import Line, Percentiles, Section, format_duration, percentiles
from souk.works.plugins.resolution import (
    Link,
    NothingFits,
    Provider,
    Question,
    Release,
    Wanted,
    choose,
    search_all,
)

PLUGINS: Final = 500
VERSIONS: Final = 10
QUESTIONS: Final = 400
SEED: Final = 40
GOAL_S: Final = 0.100
PEER_STEPS: Final = 2_000
HOW: Final = f"""
{PLUGINS} plug-ins of {VERSIONS} versions each (three majors), made from one seed: a version needs 0
to 4 plug-ins of lower numbers, each within one major (`^2`), older versions older majors; one in
twenty links is optional and one in fifty a conflict; one version in thirty is withdrawn. Each of
{QUESTIONS} questions asks for 1 to 8 of them at once, half of them beside a lock that shall stay.
The last line installs all {PLUGINS} side by side. In one process, without the database: the choice
alone, as `POST …/plan` makes it. Beside it: the complete search that confirms a "no", alone,
given up after {PEER_STEPS:,} steps.
"""


def run(*, quick: bool) -> Section:
    """Asks every question both ways."""
    plugins = 60 if quick else PLUGINS
    chance = random.Random(SEED)
    world = _world(chance, plugins)
    asked = _questions(chance, world, 20 if quick else QUESTIONS)
    ours, answered = _timed(asked, lambda question: choose(question) is not None)
    peer, peer_answered = _timed(asked, _exhaustively)
    started = time.perf_counter()
    whole = choose(
        Question(
            releases=_consistent(world),
            wanted={name: Wanted() for name in world},
            api_version="1.0.0",
        )
    )
    whole_s = time.perf_counter() - started
    return Section(
        title="Plug-ins",
        how=HOW,
        lines=[
            Line(
                what=f"choose 1 to 8 of {plugins} plug-ins and what they need",
                measured=f"p50 {format_duration(ours.p50)}, p99 {format_duration(ours.p99)} "
                f"({answered} of {len(asked)} have an answer)",
                promised=f"p99 < {format_duration(GOAL_S)}",
                reached=ours.p99 < GOAL_S,
                beside=f"complete search alone: p50 {format_duration(peer.p50)}, "
                f"p99 {format_duration(peer.p99)} ({peer_answered} answered)",
                bounded_by="Python: where first choices rule each other out, the search goes back "
                "many times",
            ),
            Line(
                what=f"all {len(whole)} plug-ins in one workspace",
                measured=format_duration(whole_s),
                promised="500 plug-ins side by side",
                reached=len(whole) == plugins,
            ),
        ],
    )


def _timed(
    questions: Sequence[Question], answer: Callable[[Question], bool]
) -> tuple[Percentiles, int]:
    """How long each question takes, and how many have an answer."""
    took_s, answered = [], 0
    for question in questions:
        started = time.perf_counter()
        with contextlib.suppress(NothingFits):
            answered += answer(question)
        took_s.append(time.perf_counter() - started)
    return percentiles(took_s), answered


def _exhaustively(question: Question) -> bool:
    roots = [Link(name, one.range, "needs") for name, one in sorted(question.wanted.items())]
    return search_all(Provider(question), roots, max_steps=PEER_STEPS) is not None


def _world(chance: random.Random, plugins: int) -> dict[str, list[Release]]:
    world: dict[str, list[Release]] = {}
    for number in range(plugins):
        name = f"author-{number % 37}/plugin-{number}"
        below = list(world)
        world[name] = [_release(chance, name, index, below) for index in range(VERSIONS)]
    return world


def _release(chance: random.Random, name: str, index: int, below: Sequence[str]) -> Release:
    major = 1 + index * 3 // VERSIONS
    needed = chance.sample(below, min(len(below), chance.randint(0, 4)))
    links = []
    for other in needed:
        roll = chance.random()
        kind = "conflicts" if roll < 0.02 else "optional" if roll < 0.07 else "needs"
        wanted = "<1" if kind == "conflicts" else f"^{max(1, major - chance.randint(0, 1))}"
        links.append(Link(other, wanted, kind))  # type: ignore[arg-type]  # one of the three
    return Release(
        plugin=name,
        version=f"{major}.{index}.0",
        links=tuple(links),
        yanked=chance.random() < 1 / 30,
    )


def _questions(
    chance: random.Random, world: dict[str, list[Release]], count: int
) -> list[Question]:
    names = list(world)
    found = []
    for number in range(count):
        wanted = {name: Wanted() for name in chance.sample(names, chance.randint(1, 8))}
        locked = {
            name: chance.choice(world[name]).version
            for name in (chance.sample(names, len(names) // 10) if number % 2 else [])
        }
        found.append(
            Question(
                releases=world, wanted=wanted, locked=locked, keep=set(locked), api_version="1.0.0"
            )
        )
    return found


def _consistent(world: dict[str, list[Release]]) -> dict[str, list[Release]]:
    """The same plug-ins without demands that their newest versions cannot meet together."""
    newest = {name: releases[-1] for name, releases in world.items()}
    return {
        name: [
            Release(
                plugin=one.plugin,
                version=one.version,
                links=tuple(
                    Link(link.plugin, f">={newest[link.plugin].version[0]}", "needs")
                    for link in one.links
                    if link.kind == "needs"
                ),
            )
            for one in releases
        ]
        for name, releases in world.items()
    }
