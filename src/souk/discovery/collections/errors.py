"""What can be wrong with picking something out."""

from souk.kernel.errors import Conflict, Forbidden, NotFound


class CollectionUnknown(NotFound):
    """There is no such collection for this caller."""

    def __init__(self) -> None:
        super().__init__("collection_unknown", "There is no such collection, or it is private.")


class NotCurator(Forbidden):
    """Somebody else's collection is seen, and is not to be changed."""

    def __init__(self) -> None:
        super().__init__(
            "not_collection_manager",
            "Only owners and managers of the collection's organisation may change it.",
        )


class CollectionSlugTaken(Conflict):
    """The owner has a collection of this slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            "collection_slug_taken", f"There is a collection at {slug!r} already; choose another."
        )


class Full(Conflict):
    """One more than a limit allows."""

    def __init__(self, code: str, what: str, limit: int) -> None:
        super().__init__(code, f"At most {limit:,} {what}; take one away first.", limit=limit)


class OrderIncomplete(Conflict):
    """A new order that does not name every item once: somebody else changed it meanwhile."""

    def __init__(self) -> None:
        super().__init__(
            "collection_changed",
            "The order must name each work of the collection once; load it again, it has changed.",
        )


class ListingNotOnMarket(Conflict):
    """A draft, or a work that was retired."""

    def __init__(self) -> None:
        super().__init__(
            "listing_not_published", "Only works that are on the market can be put here."
        )


class FollowSelf(Conflict):
    """Somebody wants to follow an organisation of their own."""

    def __init__(self) -> None:
        super().__init__("follow_self", "This is your own shop; you hear of it anyway.")


class NotFeatured(NotFound):
    """The admin has not featured this listing."""

    def __init__(self) -> None:
        super().__init__("featured_unknown", "This listing is not among the featured.")
