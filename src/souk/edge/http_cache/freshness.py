"""What may be stored, for how long it is fresh, and whether it answers a request (RFC 9111)."""

from enum import Enum
from typing import Final

import msgspec

from souk.edge.http_cache.directives import (
    MAX_SECONDS,
    Directives,
    applies,
    asked_seconds,
    cache_control,
    named_fields,
    seconds,
    targeted,
)
from souk.edge.http_cache.fields import Fields, lines, members, parse_date, split, value
from souk.edge.sites import SiteRules

HEURISTIC_SHARE: Final = 0.1
"""Of the time since it was last changed, an answer that says nothing is fresh for so much."""
MAX_HEURISTIC_S: Final = 86_400
_BY_DEFAULT: Final = frozenset({200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501})
"""Statuses that may be kept without a word about it (RFC 9110 section 15.1)."""
_BY_RULE: Final = frozenset({200, 203, 204, 206, 300, 301, 308, 404, 410})
"""Those to which a site's default time applies: no error that a single odd request could cause."""
_UNDERSTOOD: Final = frozenset(
    {*_BY_DEFAULT, 302, 303, 307, 400, 403, 421, 451, 500, 502, 503, 504}
)


class Reuse(Enum):
    """What may be done with a stored answer."""

    FRESH = "fresh"
    WHILE_REVALIDATING = "stale, and validated meanwhile"
    STALE = "stale, which the request admits"
    VALIDATE = "only once it is validated"


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer says of its own keeping."""

    lifetime_s: int
    explicit: bool
    """Whether it says it itself."""
    initial_age_s: float
    """How old it was when it came."""
    received_at: float
    must_validate: bool
    """`no-cache`: it is never used without asking."""
    must_revalidate: bool
    """Once stale it is never used without asking."""
    while_revalidate_s: int
    if_error_s: int
    hidden: frozenset[str]
    """Fields that are not given without asking: `no-cache="…"`."""

    def age_s(self, now: float) -> float:
        """How old it is by now."""
        return self.initial_age_s + max(0.0, now - self.received_at)


def freshness_of(
    status: int, fields: Fields, *, requested_at: float, received_at: float, rules: SiteRules
) -> Freshness:
    """What an answer says of its own keeping, to a shared cache.

    Args:
        requested_at: when it was asked for, Unix seconds by the node's clock.
        received_at: when its head came.
    """
    control, is_targeted = _control(fields)
    date = parse_date(value(fields, "date"))
    lifetime, explicit = _lifetime(
        status, fields, control, is_targeted, date=date or received_at, rules=rules
    )
    apparent = max(0.0, received_at - date) if date is not None else 0.0
    corrected = _age(fields) + max(0.0, received_at - requested_at)
    while_revalidate = seconds(control, "stale-while-revalidate")
    if_error = seconds(control, "stale-if-error")
    return Freshness(
        lifetime_s=lifetime,
        explicit=explicit,
        initial_age_s=max(apparent, corrected),
        received_at=received_at,
        must_validate=applies(control, "no-cache"),
        must_revalidate=bool(
            {"must-revalidate", "proxy-revalidate", "s-maxage"} & control.keys()
            or applies(control, "no-cache")
        ),
        while_revalidate_s=min(
            rules.max_stale_s,
            rules.stale_while_revalidate_s if while_revalidate is None else while_revalidate,
        ),
        if_error_s=min(rules.max_stale_s, rules.stale_if_error_s if if_error is None else if_error),
        hidden=named_fields(control, "no-cache"),
    )


def may_store(
    status: int, fields: Fields, request: Fields, *, freshness: Freshness, rules: SiteRules
) -> bool:
    """Whether a shared cache may keep this answer to a GET, and has any use for it."""
    control, _ = _control(fields)
    if "no-store" in cache_control(request) or status < 200 or status in {304, 416}:
        return False
    if "must-understand" in control:
        if status not in _UNDERSTOOD:
            return False
    elif "no-store" in control:
        return False
    if applies(control, "private") or "*" in members(fields, "vary"):
        return False
    shared = {"public", "must-revalidate", "s-maxage"} & control.keys()
    if lines(request, "authorization") and not shared:
        return False
    if lines(fields, "set-cookie") and not freshness.explicit:
        return False  # it says nothing of keeping, and is about one client
    if not freshness.explicit and status not in _BY_DEFAULT and "public" not in control:
        return False
    useful = freshness.lifetime_s > 0 or freshness.while_revalidate_s or freshness.if_error_s
    return bool(useful or lines(fields, "etag") or lines(fields, "last-modified"))


def unstored_fields(fields: Fields) -> frozenset[str]:
    """Fields that are for one client alone: `private="…"`."""
    return named_fields(_control(fields)[0], "private")


def reuse(freshness: Freshness, request: Fields, *, now: float, max_stale_s: int) -> Reuse:
    """Whether a stored answer that fits a request may be given."""
    asked = cache_control(request)
    if freshness.must_validate or "no-cache" in asked:
        return Reuse.VALIDATE
    if not asked and "no-cache" in [one.lower() for one in members(request, "pragma")]:
        return Reuse.VALIDATE
    age = freshness.age_s(now)
    max_age = asked_seconds(asked, "max-age")
    min_fresh = asked_seconds(asked, "min-fresh")
    stale_s = age - freshness.lifetime_s
    if max_age is not None and age > max_age and not _admits(asked, age - max_age):
        return Reuse.VALIDATE
    if min_fresh is not None and -stale_s < min_fresh:
        return Reuse.VALIDATE
    if stale_s < 0:
        return Reuse.FRESH
    if freshness.must_revalidate:
        return Reuse.VALIDATE
    if stale_s < freshness.while_revalidate_s:
        return Reuse.WHILE_REVALIDATING
    return Reuse.STALE if stale_s <= max_stale_s and _admits(asked, stale_s) else Reuse.VALIDATE


def may_serve_on_error(freshness: Freshness, *, now: float) -> bool:
    """Whether a stale answer is better than the origin's failure (RFC 5861)."""
    stale_s = freshness.age_s(now) - freshness.lifetime_s
    return (
        not freshness.must_revalidate
        and stale_s <= freshness.if_error_s
        and bool(freshness.if_error_s or stale_s < 0)
    )


def _control(fields: Fields) -> tuple[Directives, bool]:
    aimed = targeted(fields)
    return (cache_control(fields), False) if aimed is None else (aimed, True)


def _admits(asked: Directives, stale_s: float) -> bool:
    if "max-stale" not in asked:
        return False
    limit = asked_seconds(asked, "max-stale")
    return asked["max-stale"] is None or (limit is not None and stale_s <= limit)


def _lifetime(
    status: int,
    fields: Fields,
    control: Directives,
    is_targeted: bool,
    *,
    date: float,
    rules: SiteRules,
) -> tuple[int, bool]:
    for name in ("s-maxage", "max-age"):
        found = seconds(control, name)
        if found is not None:
            return found, True
    if not is_targeted and lines(fields, "expires"):
        written = lines(fields, "expires")
        expires = parse_date(written[0]) if len(written) == 1 else None
        if expires is None:
            return 0, True
        return max(0, min(MAX_SECONDS, int(expires - date))), True
    if rules.default_ttl_s and status in _BY_RULE:
        return rules.default_ttl_s, False
    changed = parse_date(value(fields, "last-modified"))
    if changed is None or (status not in _BY_DEFAULT and "public" not in control):
        return 0, False
    return min(MAX_HEURISTIC_S, max(0, int((date - changed) * HEURISTIC_SHARE))), False


def _age(fields: Fields) -> int:
    """The first value of an Age field; nothing when it is no number."""
    written = lines(fields, "age")
    first = split(written[0])[:1] if written else []
    if not first or not (first[0].isascii() and first[0].isdigit()):
        return 0
    return MAX_SECONDS if len(first[0]) > 10 else min(int(first[0]), MAX_SECONDS)
