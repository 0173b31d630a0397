"""Facts about reviews."""

from typing import ClassVar

from souk.kernel.events import Event


class RatingChanged(Event, frozen=True, kw_only=True):
    """A listing's rating is not what it was: read it anew with `Reviews.summaries`."""

    topic: ClassVar[str] = "reviews.rating_changed"
    listing_id: str


class ReviewFact(Event, frozen=True, kw_only=True):
    """What every fact about a review says."""

    review_id: str
    listing_id: str
    listing_address: str
    listing_title: str
    seller_id: str
    """The organisation that sells the listing."""
    user_id: str
    """The author."""


class ReviewWritten(ReviewFact, frozen=True, kw_only=True):
    """Somebody reviewed a listing, or changed what they had written."""

    topic: ClassVar[str] = "reviews.review_written"
    author_name: str
    """The organisation in whose name it is."""
    stars: int
    first: bool
    """False for an edit."""


class ReviewReplied(ReviewFact, frozen=True, kw_only=True):
    """The seller answered a review."""

    topic: ClassVar[str] = "reviews.review_replied"
    seller_name: str
    first: bool
    """False when the answer was only changed."""
