"""Chooses versions of plug-ins that fit together: resolvelib over what is published.

An answer has every plug-in that is wanted and what those need, and nothing else; each range of a
dependency holds, also an optional one when its plug-in is there; no conflict is met. What shall be
kept stays at its locked version as long as that fits; of everything else the newest that fits is
tried first, withdrawn versions last. The same question always gets the same answer.

A plug-in can also be absent: that is a candidate of its own, so that "not beside A" and "if there,
then ^1" are requirements like any other.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Literal

import msgspec
from resolvelib import AbstractProvider, BaseReporter
from resolvelib.resolvers import (
    Criterion,
    RequirementsConflicted,
    Resolution,
    ResolutionImpossible,
    ResolutionTooDeep,
)

from souk.kernel.semver import PrecedenceKey, is_stable, precedence
from souk.works.plugins.ranges import VersionRange, parse_range

MAX_ROUNDS: Final = 20_000


class Link(msgspec.Struct, frozen=True):
    """What one release says of another plug-in."""

    plugin: str
    range: str
    kind: Literal["needs", "optional", "conflicts"]


class Release(msgspec.Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """A published version, as far as the choice goes."""

    plugin: str
    version: str
    souk: str = "*"
    links: tuple[Link, ...] = ()
    yanked: bool = False
    retired: bool = False

    @cached_property
    def key(self) -> PrecedenceKey:
        """Its place in the order of versions."""
        return precedence(self.version)


class Wanted(msgspec.Struct, frozen=True):
    """How a plug-in is asked for."""

    range: str = "*"
    channel: Literal["stable", "beta"] = "stable"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What to choose from, and for what."""

    releases: Mapping[str, Sequence[Release]]
    """By address; everything that could be reached."""
    wanted: Mapping[str, Wanted]
    locked: Mapping[str, str] = {}
    """Versions there are now: they may be kept although withdrawn, retired or a pre-release."""
    keep: Collection[str] = ()
    """Those of the locked ones that shall not move without need."""
    api_version: str
    max_rounds: int = MAX_ROUNDS


class NothingFits(Exception):
    """There is no answer; `causes` are the demands that could not be met together."""

    def __init__(self, causes: Sequence["Cause"], *, gave_up: bool = False) -> None:
        super().__init__("no versions fit together")
        self.causes = causes
        self.gave_up = gave_up


class Cause(msgspec.Struct, frozen=True):
    """A demand on a plug-in, and the release that makes it (None: it was asked for)."""

    link: Link
    by: Release | None


class Absence(msgspec.Struct, frozen=True, eq=False):
    """The candidate for leaving a plug-in out."""

    plugin: str


Candidate = Release | Absence


def choose(question: Question) -> dict[str, Release]:
    """The versions to have, by address.

    Raises:
        NothingFits: no choice satisfies every demand, or none was found within the limit.
    """
    roots = [
        Link(plugin, wanted.range, "needs") for plugin, wanted in sorted(question.wanted.items())
    ]
    provider = Provider(question)
    search = Search(provider, BaseReporter())
    causes: list[Cause] = []
    try:
        mapping = search.resolve(roots, max_rounds=question.max_rounds).mapping
    except ResolutionImpossible as impossible:
        for one in impossible.causes:
            by = one.parent if isinstance(one.parent, Release) else None
            causes.append(Cause(one.requirement, by))
    except ResolutionTooDeep:
        pass
    else:
        found = {name: one for name, one in mapping.items() if isinstance(one, Release)}
        return _reached(roots, found)
    exhausted = search_all(provider, roots, max_steps=question.max_rounds)
    if exhausted is None:
        raise NothingFits(causes)
    return exhausted


def search_all(
    provider: "Provider", roots: Sequence[Link], *, max_steps: int
) -> dict[str, Release] | None:
    """Tries every choice in order of preference; None when there is no answer.

    resolvelib jumps back over choices, and carries what it learnt from one branch into another: it
    is fast, but sometimes finds nothing where there is something. This has the last word.

    Raises:
        NothingFits: it took more than `max_steps`.
    """
    chosen: dict[str, Release] = {}
    trail: list[tuple[str, Iterator[Release]]] = []
    for _ in range(max_steps):
        step = _next_step(provider, roots, chosen)
        if step is None:
            return _reached(roots, chosen)
        trail.append(step)
        while True:
            name, candidates = trail[-1]
            chosen.pop(name, None)
            following = next(candidates, None)
            if following is not None:
                chosen[name] = following
                break
            trail.pop()
            if not trail:
                return None
    raise NothingFits((), gave_up=True)


def _next_step(
    provider: "Provider", roots: Sequence[Link], chosen: Mapping[str, Release]
) -> tuple[str, Iterator[Release]] | None:
    """The plug-in with the smallest choice of those that are needed and not chosen yet."""
    demands: dict[str, list[Link]] = {}
    for link in (*roots, *(link for one in chosen.values() for link in one.links)):
        demands.setdefault(link.plugin, []).append(link)
    choices = {
        name: [
            one
            for one in provider.ranked(name)
            if all(provider.is_satisfied_by(demand, one) for demand in wanted)
            and all(
                provider.is_satisfied_by(link, chosen[link.plugin])
                for link in one.links
                if link.plugin in chosen
            )
        ]
        for name, wanted in demands.items()
        if name not in chosen and any(demand.kind == "needs" for demand in wanted)
    }
    if not choices:
        return None
    name = min(choices, key=lambda name: (len(choices[name]), name))
    return name, iter(choices[name])


def _reached(roots: Iterable[Link], chosen: Mapping[str, Release]) -> dict[str, Release]:
    """Those that are wanted or needed by one that is: pins of given-up branches are dropped."""
    found: dict[str, Release] = {}
    waiting = [link.plugin for link in roots]
    while waiting:
        plugin = waiting.pop()
        if plugin not in found:
            found[plugin] = chosen[plugin]
            waiting += [link.plugin for link in found[plugin].links if link.kind == "needs"]
    return dict(sorted(found.items()))


class Search(Resolution[Link, Candidate, str]):
    """resolvelib's search, in which a choice that a later one contradicts is a conflict.

    By itself resolvelib then chooses the earlier one anew, so that plug-ins which need each other
    are chosen in turns for ever.
    """

    def _get_updated_criteria(self, candidate: Candidate) -> dict[str, Criterion[Link, Candidate]]:
        criteria = super()._get_updated_criteria(candidate)
        for link in links_of(candidate):
            chosen = self.state.mapping.get(link.plugin)
            if chosen is not None and not self._p.is_satisfied_by(link, chosen):
                raise RequirementsConflicted(criteria[link.plugin])
        return criteria

    def _is_current_pin_satisfying(self, name: str, criterion: Criterion[Link, Candidate]) -> bool:
        """Whether it is chosen: a choice that no longer fitted would have been a conflict."""
        return name in self.state.mapping


def links_of(candidate: Candidate) -> Sequence[Link]:
    """What a candidate says of others."""
    return candidate.links if isinstance(candidate, Release) else ()


class Provider(AbstractProvider[Link, Candidate, str]):
    """What resolvelib asks: which candidates there are, what they need, which to try first."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._ranked: dict[str, list[Release]] = {}
        self._absences: dict[str, Absence] = {}
        self._verdicts: dict[tuple[int, int], bool] = {}
        """By the identities of a link and a release: the search asks the same over and over."""

    def identify(self, requirement_or_candidate: Link | Candidate) -> str:
        return requirement_or_candidate.plugin

    def get_dependencies(self, candidate: Candidate) -> Sequence[Link]:
        return links_of(candidate)

    def is_satisfied_by(self, requirement: Link, candidate: Candidate) -> bool:
        if isinstance(candidate, Absence):
            return requirement.kind != "needs"
        asked = id(requirement), id(candidate)
        verdict = self._verdicts.get(asked)
        if verdict is None:
            wanted = parse_range(requirement.range)
            if requirement.kind == "conflicts":
                verdict = not wanted.spans(candidate.key)
            else:
                verdict = self.admits(wanted, candidate)
            self._verdicts[asked] = verdict
        return verdict

    def admits(self, wanted: VersionRange, release: Release) -> bool:
        """Whether a release is in a range, pre-releases only where they are welcome."""
        root = self._question.wanted.get(release.plugin)
        welcome = (root is not None and root.channel == "beta") or self._is_locked(release)
        if not (welcome or wanted.names_prerelease or is_stable(release.version)):
            return False
        return wanted.spans(release.key)

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Link]],
        incompatibilities: Mapping[str, Iterator[Candidate]],
    ) -> list[Candidate]:
        demands = list(requirements[identifier])
        refused = {id(candidate) for candidate in incompatibilities[identifier]}
        candidates: list[Candidate] = [*self.ranked(identifier)]
        if all(demand.kind != "needs" for demand in demands):
            candidates.insert(0, self._absences.setdefault(identifier, Absence(identifier)))
        return [
            candidate
            for candidate in candidates
            if id(candidate) not in refused
            and all(self.is_satisfied_by(demand, candidate) for demand in demands)
        ]

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Candidate],
        candidates: Mapping[str, Iterator[Candidate]],
        information: Mapping[str, Iterator[Any]],  # resolvelib's own named tuples
        backtrack_causes: Sequence[Any],  # likewise
    ) -> tuple[bool, bool, int, str]:
        """First what is needed and in trouble, then where the choice is smallest."""
        needed = any(one.requirement.kind == "needs" for one in information[identifier])
        trouble = any(
            one.requirement.plugin == identifier
            or (one.parent is not None and one.parent.plugin == identifier)
            for one in backtrack_causes
        )
        count = sum(1 for _ in candidates[identifier])
        return not needed, not trouble, count, identifier

    def ranked(self, plugin: str) -> list[Release]:
        """The releases that can be used at all, the one to try first in front."""
        if plugin not in self._ranked:
            usable = [one for one in self._question.releases.get(plugin, ()) if self.is_usable(one)]
            usable.sort(key=lambda one: (one.key, one.version), reverse=True)
            keep = plugin in self._question.keep
            usable.sort(
                key=lambda one: (
                    not (keep and self._is_locked(one)),
                    one.yanked or one.retired,
                )
            )
            self._ranked[plugin] = usable
        return self._ranked[plugin]

    def is_usable(self, release: Release) -> bool:
        """Whether it works here, and is on offer or there already."""
        if not works_with(release.souk, self._question.api_version):
            return False
        return self._is_locked(release) or not (release.yanked or release.retired)

    def _is_locked(self, release: Release) -> bool:
        return self._question.locked.get(release.plugin) == release.version


def works_with(souk: str, api_version: str) -> bool:
    """Whether a manifest's `souk` range holds a version of the plug-in API."""
    return parse_range(souk).holds(api_version, prereleases=True)


def newest(releases: Sequence[Release], *, channel: str, api_version: str) -> Release | None:
    """The newest that an installation of this channel could get, whatever else is there."""
    fitting = [
        one
        for one in releases
        if not (one.yanked or one.retired)
        and (channel == "beta" or is_stable(one.version))
        and works_with(one.souk, api_version)
    ]
    return max(fitting, key=lambda one: (one.key, one.version), default=None)
