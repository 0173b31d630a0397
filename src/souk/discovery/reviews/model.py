"""The rules of reviews: what may be written, and the rating that follows. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from souk.kernel.errors import Invalid
from souk.kernel.paging import decode_cursor, encode_cursor
from souk_client.contracts.reviews import RatingSummary, ReviewSort

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_DIRECTION_OVERRIDES: Final = re.compile("[\u202a-\u202e]")
"""They could turn around the words of the page after them; right-to-left text needs none."""


def clean_text(text: str, *, name: str, limit: int, needed: bool = False) -> str:
    """What a person wrote, in one form: no blanks around it, line feeds, no direction overrides.

    Args:
        limit: the most characters.
        needed: whether nothing at all is refused.

    Raises:
        Invalid: `text_invalid`, with the position of a control character.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    bad = _CONTROL.search(lines)
    if bad is not None:
        raise Invalid(
            "text_invalid",
            f"The {name} holds the control character U+{ord(bad[0]):04X} at position "
            f"{bad.start() + 1}; take it out.",
            position=bad.start(),
        )
    cleaned = _DIRECTION_OVERRIDES.sub("", lines).strip()
    if len(cleaned) > limit:
        raise Invalid("text_invalid", f"The {name} may have at most {limit} characters.")
    if needed and not cleaned:
        raise Invalid("text_invalid", f"The {name} must not be blank.")
    return cleaned


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
