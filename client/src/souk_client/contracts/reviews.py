"""Reviews: stars and words by those who hold a licence, and what others make of them."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, Id, OwnerRef, PageAnswer, Request, SemanticVersion

Stars = Annotated[int, Meta(ge=1, le=5)]
ReviewText = Annotated[str, Meta(max_length=5_000, description="CommonMark; no HTML is kept")]
ReplyText = Annotated[
    str, Meta(min_length=1, max_length=2_000, description="CommonMark; no HTML is kept")
]
ReviewSort = Literal["helpful", "newest", "lowest", "highest"]
LicenceStanding = Literal["held", "refunded", "revoked"]


class ReviewRequest(Request, frozen=True, kw_only=True):
    """A review of one version of a listing, in the name of an organisation that holds a licence."""

    stars: Stars
    text: ReviewText = ""
    version: SemanticVersion | None = None
    """The version that was used; the one that buyers get now when left out."""
    organisation_id: Id | None = None
    """Which of the caller's organisations holds the licence; found by itself when left out."""


class ReviewUpdate(Request, frozen=True, kw_only=True):
    """What the author changes; the words before stay readable in the history."""

    stars: Stars | None = None
    text: ReviewText | None = None


class ReplyRequest(Request, frozen=True, kw_only=True):
    """The seller's answer; it takes the place of an earlier one."""

    text: ReplyText


class SellerReply(Answer, frozen=True, kw_only=True):
    """The one answer of the seller to a review."""

    seller: OwnerRef
    text: str
    created_at: datetime
    edited_at: datetime | None = None


class Review(Answer, frozen=True, kw_only=True):
    """A review by a holder of a licence."""

    id: str
    listing_id: str
    version: str
    author: OwnerRef
    """The organisation in whose name it was written."""
    stars: int
    text: str
    created_at: datetime
    edited_at: datetime | None = None
    edits: int = 0
    """How often it was changed; the history has each earlier form."""
    helpful: int = 0
    """How many people found it helpful."""
    licence: LicenceStanding = "held"
    """What became of the purchase: a review outlives a refund, and is marked."""
    reply: SellerReply | None = None
    mine: bool = False
    """Whether the caller wrote it."""
    voted: bool = False
    """Whether the caller found it helpful."""
    hidden: bool = False
    """Hidden by a moderator: only its author still sees it, and it does not count."""
    hidden_reason: str | None = None


class ReviewForm(Answer, frozen=True, kw_only=True):
    """A review as it was before an edit."""

    number: int
    """1 is the first form."""
    stars: int
    text: str
    replaced_at: datetime


class ReviewHistory(Answer, frozen=True, kw_only=True):
    """Every earlier form of a review, the oldest first."""

    items: list[ReviewForm]


class RatingSummary(Answer, frozen=True, kw_only=True):
    """How a listing is rated."""

    mean: float | None
    """The plain mean of the stars; null while nobody has rated."""
    bayesian: float
    """The mean with the prior mixed in: what lists are sorted by."""
    count: int
    histogram: list[int]
    """How many gave 1, 2, 3, 4 and 5 stars."""


class ReviewPage(PageAnswer[Review], frozen=True, kw_only=True):
    """Some reviews, and the rating of the whole listing, whatever the filter."""

    rating: RatingSummary


class Vote(Answer, frozen=True, kw_only=True):
    """How many found a review helpful, and whether the caller is among them."""

    helpful: int
    voted: bool
