"""Why no versions fit together, in words that name the chain from what was asked for."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from souk.kernel.semver import is_stable
from souk.works.plugins.ranges import parse_range
from souk.works.plugins.resolution import Cause, Link, NothingFits, Question, Release, works_with

MAX_REASONS: Final = 12
MAX_SHOWN: Final = 4


def explain(failure: NothingFits, question: Question) -> list[str]:
    """What stands in the way, sentence by sentence: who demands what, and what there is."""
    if failure.gave_up:
        return [
            f"No answer was found within {question.max_rounds} steps; ask for narrower ranges, or "
            "for fewer plug-ins at once."
        ]
    reasons: list[str] = []
    if not failure.causes:
        reasons.append("What these plug-ins need of each other cannot all be met.")
    for cause in sorted(failure.causes, key=_order):
        sentence = _demand(cause, question)
        if sentence not in reasons:
            reasons.append(sentence)
    for plugin in sorted({cause.link.plugin for cause in failure.causes}):
        reasons.append(_supply(plugin, question))
    return reasons[:MAX_REASONS]


def _order(cause: Cause) -> tuple[str, str, str, str]:
    by = ("", "") if cause.by is None else (cause.by.plugin, cause.by.version)
    return cause.link.plugin, *by, cause.link.range


def _demand(cause: Cause, question: Question) -> str:
    link = cause.link
    if cause.by is None:
        wanted = question.wanted[link.plugin]
        return f"You asked for {link.plugin} {link.range} ({wanted.channel} channel)."
    who = f"{cause.by.plugin} {cause.by.version}"
    said = {
        "needs": f"{who} needs {link.plugin} {link.range}",
        "optional": f"{who} works only with {link.plugin} {link.range} when that is there",
        "conflicts": f"{who} cannot be beside {link.plugin} {link.range}",
    }[link.kind]
    return f"{said}{_chain(cause.by, question)}."


def _chain(release: Release, question: Question) -> str:
    """How a release comes in: the shortest way from something that was asked for."""
    if release.plugin in question.wanted:
        return ""
    seen: dict[str, str | None] = dict.fromkeys(sorted(question.wanted))
    waiting = deque(seen)
    while waiting:
        plugin = waiting.popleft()
        if plugin == release.plugin:
            break
        for one in question.releases.get(plugin, ()):
            for link in one.links:
                if link.kind == "needs" and link.plugin not in seen:
                    seen[link.plugin] = plugin
                    waiting.append(link.plugin)
    way: list[str] = []
    at = seen.get(release.plugin)
    while at is not None:
        way.append(at)
        at = seen[at]
    return f" (it comes in through {' → '.join(reversed(way))})" if way else ""


def _supply(plugin: str, question: Question) -> str:
    """What there is of a plug-in, and why it cannot be had."""
    releases = question.releases.get(plugin, ())
    if not releases:
        return f"No version of {plugin} is published."
    newest_first = sorted(releases, key=lambda one: one.key, reverse=True)
    shown = [_state(one, question) for one in newest_first[:MAX_SHOWN]]
    more = len(releases) - len(shown)
    rest = f" and {more} older" if more else ""
    return f"Of {plugin} there {'is' if len(releases) == 1 else 'are'} {', '.join(shown)}{rest}."


def _state(release: Release, question: Question) -> str:
    marks = []
    if release.retired:
        marks.append("retired")
    elif release.yanked:
        marks.append("withdrawn")
    if not works_with(release.souk, question.api_version):
        marks.append(f"for plug-in API {release.souk}, here it is {question.api_version}")
    wanted = question.wanted.get(release.plugin)
    if not is_stable(release.version) and not (wanted and wanted.channel == "beta"):
        marks.append("a pre-release")
    return f"{release.version} ({', '.join(marks)})" if marks else release.version


def unmet(chosen: Sequence[Release]) -> list[tuple[Release, Link]]:
    """Demands among these releases that do not hold: empty for every answer of `choose`."""
    by_plugin = {one.plugin: one for one in chosen}
    found = []
    for release in chosen:
        for link in release.links:
            other = by_plugin.get(link.plugin)
            if other is None:
                met = link.kind != "needs"
            else:
                inside = parse_range(link.range).spans(other.key)
                met = not inside if link.kind == "conflicts" else inside
            if not met:
                found.append((release, link))
    return found
