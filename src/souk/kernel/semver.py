"""The order of semantic versions. Source: Semantic Versioning 2.0.0, section 11."""

from typing import TypeAlias

PrecedenceKey: TypeAlias = tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]


def precedence(version: str) -> PrecedenceKey:
    """A key that sorts versions by precedence; build metadata does not count."""
    core, _, before_release = version.partition("+")[0].partition("-")
    major, minor, patch = (int(number) for number in core.split("."))
    identifiers = tuple(
        (not part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in before_release.split(".")
        if before_release
    )
    return (major, minor, patch), not before_release, identifiers


def is_stable(version: str) -> bool:
    """Whether it is no pre-release."""
    return "-" not in version.partition("+")[0]


def best(versions: list[str]) -> str:
    """The version that buyers should get: the highest stable one, else the highest."""
    return max(versions, key=lambda version: (is_stable(version), precedence(version)))
