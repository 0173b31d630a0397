"""What the rules look at, and what they say. Pure."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from souk.discovery.reviews.api import ReviewFacts
from souk.kernel.ids import made_at

GOOD_STARS: Final = 4
BAD_STARS: Final = 2


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Reviews of a window of time, and who belongs to their sellers."""

    reviews: Sequence[ReviewFacts]
    members: Mapping[str, frozenset[str]]
    """User ids by selling organisation."""
    young: timedelta = timedelta(days=7)
    burst: timedelta = timedelta(hours=24)

    def is_young(self, review: ReviewFacts) -> bool:
        """Whether the account was new when it reviewed; an id tells when it was made."""
        return review.created_at - made_at(review.user_id) < self.young


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule found."""

    rule: str
    listing_id: str
    """Where moderators look first: the listing with most of the reviews."""
    score: float
    """From 0 to 1."""
    reasons: tuple[str, ...]
    review_ids: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """The same until the reviews concerned have doubled, so that a ring is brought up again
        only when it has grown; another ring, whose first review is another, has one of its own."""
        size = len(self.review_ids).bit_length()
        return f"{self.rule}:{self.listing_id}:{min(self.review_ids)}:{size}"


def suspicion(
    rule: str, reviews: Sequence[ReviewFacts], *, score: float, reasons: Sequence[str]
) -> Suspicion:
    """A finding about these reviews, whatever their order."""
    counts: dict[str, int] = {}
    for review in reviews:
        counts[review.listing_id] = counts.get(review.listing_id, 0) + 1
    return Suspicion(
        rule=rule,
        listing_id=min(counts, key=lambda listing_id: (-counts[listing_id], listing_id)),
        score=round(min(1.0, max(0.0, score)), 3),
        reasons=tuple(reasons),
        review_ids=tuple(sorted({review.id for review in reviews})),
    )


def surety(count: int, *, each: float) -> float:
    """How sure so many independent signs make: each leaves the share `1 - each` of the doubt."""
    return float(1 - (1 - each) ** max(0, count))
