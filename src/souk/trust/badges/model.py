"""The rule of the badge: plain facts in, the badge and its words out."""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec

from souk_client.contracts.storefronts import Badge, CheckState, SellerCheck

VERIFICATION_PATH: Final = "/.well-known/souk-verification.txt"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a check that was carried out ended."""

    kind: str
    state: CheckState
    subject: str
    """The website; empty for an identity, whose evidence is for admins alone."""
    outcome: str
    requested_at: datetime
    checked_at: datetime | None
    checked_name: str | None
    """What the seller was called when its identity was checked."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a badge depends on."""

    name: str
    since: datetime
    works: int
    decisions_against: int
    website: str | None
    outcomes: dict[str, Outcome]


def badge_of(facts: Facts, *, now: datetime, min_age_days: int, standing_days: int) -> Badge:
    """Verified: the website or the identity was checked, and everything else is in order."""
    website, identity = _website(facts), _identity(facts)
    others = [
        _age(facts, now=now, days=min_age_days),
        _standing(facts, days=standing_days),
        _works(facts),
    ]
    known = "passed" in (website.state, identity.state)
    return Badge(
        verified=known and all(check.state == "passed" for check in others),
        checks=[website, identity, *others],
    )


def host_of(website: str) -> str:
    """The name of a site, without its port and in lower case."""
    return (urlsplit(website).hostname or "").lower()


def verification_address(website: str) -> str:
    """Where a site has to carry the seller's text."""
    parts = urlsplit(website)
    return f"{parts.scheme}://{parts.netloc}{VERIFICATION_PATH}"


def _website(facts: Facts) -> SellerCheck:
    found = facts.outcomes.get("website")
    if facts.website is None:
        return SellerCheck(kind="website", state="open", words="No website is named.")
    host = host_of(facts.website)
    if found is None or found.subject != facts.website:
        return SellerCheck(kind="website", state="open", words=f"{host} is not proved yet.")
    words = {
        "passed": f"The seller controls {host}.",
        "pending": f"{host} is being looked at.",
        "failed": f"{host} could not be proved: {found.outcome}",
    }
    return SellerCheck(
        kind="website",
        state=found.state,
        words=words[found.state],
        checked_at=found.checked_at,
    )


def _identity(facts: Facts) -> SellerCheck:
    found = facts.outcomes.get("identity")
    if found is None:
        return SellerCheck(
            kind="identity", state="open", words="The operator has not checked who this is."
        )
    if found.state == "passed" and found.checked_name != facts.name:
        return SellerCheck(
            kind="identity", state="open", words="The seller's name was changed since the check."
        )
    words = {
        "passed": f"The operator checked who this is: {found.outcome}",
        "pending": "The operator is checking who this is.",
        "failed": f"The operator could not check who this is: {found.outcome}",
    }
    return SellerCheck(
        kind="identity",
        state=found.state,
        words=words[found.state],
        checked_at=found.checked_at,
    )


def _age(facts: Facts, *, now: datetime, days: int) -> SellerCheck:
    old_enough = now - facts.since >= timedelta(days=days)
    return SellerCheck(
        kind="age",
        state="passed" if old_enough else "open",
        words=f"Here since {facts.since:%-d %b %Y}"
        + ("." if old_enough else f"; {days} days are needed."),
    )


def _standing(facts: Facts, *, days: int) -> SellerCheck:
    if facts.decisions_against:
        return SellerCheck(
            kind="standing",
            state="failed",
            words=f"Moderators decided against the seller in the last {days} days.",
        )
    return SellerCheck(
        kind="standing",
        state="passed",
        words=f"No decision of the moderators against the seller in the last {days} days.",
    )


def _works(facts: Facts) -> SellerCheck:
    if not facts.works:
        return SellerCheck(kind="works", state="open", words="Nothing is published yet.")
    return SellerCheck(
        kind="works",
        state="passed",
        words="Every file of what is published passed the safety scan.",
    )
