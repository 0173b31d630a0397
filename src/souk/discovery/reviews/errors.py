"""What can be wrong with a review."""

from souk.kernel.errors import Conflict, Forbidden, NotFound, TooMany


class ReviewUnknown(NotFound):
    """There is no such review for this caller."""

    def __init__(self) -> None:
        super().__init__("review_unknown", "There is no such review, or it is no longer shown.")


class NeedsLicence(Forbidden):
    """Somebody wants to review what they do not hold."""

    def __init__(self) -> None:
        super().__init__(
            "review_needs_licence",
            "Only holders of a licence review a listing. A licence that was refunded or revoked "
            "does not count, nor one with seats of which you have none.",
        )


class OwnWork(Forbidden):
    """The seller, or the creator, wants to review the work."""

    def __init__(self) -> None:
        super().__init__(
            "review_own_work", "Members of the seller's organisation cannot review its work."
        )


class ReviewExists(Conflict):
    """One a buyer and version."""

    def __init__(self, version: str) -> None:
        super().__init__(
            "review_exists",
            f"You, or your organisation, reviewed version {version} already; edit that review.",
        )


class ReviewClosed(Conflict):
    """The licence behind a review was refunded or revoked."""

    def __init__(self) -> None:
        super().__init__(
            "review_closed",
            "The purchase behind this review was undone: it stays as it is, or you delete it.",
        )


class ReviewHidden(Conflict):
    """A moderator has hidden it."""

    def __init__(self) -> None:
        super().__init__(
            "review_hidden", "A moderator has hidden this review; you may appeal or delete it."
        )


class EditsFull(Conflict):
    """Changed too often."""

    def __init__(self, limit: int) -> None:
        super().__init__("edits_full", f"A review may be changed at most {limit} times.")


class TooManyReviews(TooMany):
    """One person writes too many."""

    def __init__(self, limit: int, retry_after_s: int) -> None:
        super().__init__(
            "reviews_too_many",
            f"You may write {limit} reviews in 24 hours.",
            retry_after_s=retry_after_s,
        )
