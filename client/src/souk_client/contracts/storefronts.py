"""Storefronts: what a seller says of itself, the checks behind its badge, its reputation."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, OwnerRef, Request
from souk_client.contracts.reviews import RatingSummary

CheckKind = Literal["website", "identity", "standing", "age", "works"]
CheckState = Literal["passed", "pending", "failed", "open"]
Website = Annotated[
    str,
    Meta(max_length=200, pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?$"),
]


class StorefrontUpdate(Request, frozen=True, kw_only=True):
    """What a seller says of itself. Fields left out stay as they are; empty ones are removed."""

    about: Annotated[str, Meta(max_length=2000)] | None = None
    """Markdown."""
    website: Website | Literal[""] | None = None
    """Another site loses the check of the one before."""


class SellerCheck(Answer, frozen=True, kw_only=True):
    """One check behind the badge: what was looked at, and how it ended."""

    kind: CheckKind
    state: CheckState
    """`open`: nobody asked for it yet."""
    words: str
    """What it says, in plain words."""
    checked_at: datetime | None = None


class Badge(Answer, frozen=True, kw_only=True):
    """Whether a seller is verified: its website or its identity was checked, and all the rest."""

    verified: bool
    checks: list[SellerCheck]


class Reputation(Answer, frozen=True, kw_only=True):
    """What a seller's record says; every number can be counted by anybody."""

    works: int
    """Published listings."""
    sales: int
    downloads: int
    rating: RatingSummary
    """Over all reviews of the seller's works."""
    followers: int
    since: datetime


class Storefront(Answer, frozen=True, kw_only=True):
    """A seller as everybody may see it."""

    organisation: OwnerRef
    personal: bool
    about: str
    website: str | None
    badge: Badge
    reputation: Reputation
    hidden: bool = False
    """Whether moderators took it from sight: then its members alone see it."""


class WebsiteCheck(Answer, frozen=True, kw_only=True):
    """How to prove that a website is the seller's own: this text at this address."""

    address: str
    content: str
    check: SellerCheck


class IdentityRequest(Request, frozen=True, kw_only=True):
    """Asks the operator to check who is behind a seller."""

    evidence: Annotated[str, Meta(min_length=10, max_length=2000)]
    """Who you are and how that can be checked: a register entry, a public key, a contact. Only
    the operator's admins read it."""


class IdentityDecision(Request, frozen=True, kw_only=True):
    """Admin: what came of the check."""

    passed: bool
    note: Annotated[str, Meta(min_length=3, max_length=500)]
    """What was checked; the seller reads it."""


class IdentityCase(Answer, frozen=True, kw_only=True):
    """Admin: a seller that asks to be checked."""

    organisation: OwnerRef
    evidence: str
    requested_at: datetime
