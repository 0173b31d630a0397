"""The rules of reviews: what may be written, and the rating that follows. Pure."""

from collections.abc import Sequence

from souk.kernel.errors import Invalid
from souk.kernel.paging import decode_cursor, encode_cursor
from souk_client.contracts.reviews import RatingSummary, ReviewSort


def rating(histogram: Sequence[int], *, prior_mean: float, prior_weight: float) -> RatingSummary:
    """The rating that these counts of 1 to 5 stars make.

    The Bayesian mean is (C·m + sum of stars) / (C + count): a listing with few ratings stays near
    the prior mean m until more than C people have rated it.
    """
    count = sum(histogram)
    total = sum(stars * number for stars, number in enumerate(histogram, start=1))
    weight = prior_weight + count
    return RatingSummary(
        mean=total / count if count else None,
        bayesian=(prior_weight * prior_mean + total) / weight if weight else prior_mean,
        count=count,
        histogram=list(histogram),
    )


def cursor_of(sort: ReviewSort, *, review_id: str, helpful: int, stars: int) -> str:
    """Where a list goes on after this review."""
    rank = {"helpful": helpful, "newest": 0, "lowest": stars, "highest": stars}[sort]
    return encode_cursor([sort, rank, review_id])


def read_cursor(cursor: str | None, *, sort: ReviewSort) -> tuple[int, str] | None:
    """The rank and the id of the last review shown.

    Raises:
        Invalid: `cursor_invalid`, also when the cursor belongs to another order.
    """
    key = decode_cursor(cursor, size=3)
    if key is None:
        return None
    found_sort, rank, review_id = key
    if found_sort != sort or not isinstance(rank, int) or not isinstance(review_id, str):
        raise Invalid("cursor_invalid", "This cursor belongs to another order of the list.")
    if not 0 <= rank < 2**31:
        raise Invalid("cursor_invalid", "Pass next_cursor exactly as a page gave it.")
    return rank, review_id
