"""Recommendations."""

from souk_client.contracts.recommendations import Recommendations, RelatedListings
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def recommend(*, listing_id: str | None = None, limit: int | None = None) -> Call[Recommendations]:
    """Works that may please the caller, each with its reason.

    Args:
        listing_id: a listing that is being looked at right now.
    """
    query = {"listing_id": listing_id, "limit": limit}
    return Call(method="GET", path=api("recommendations"), answer=Recommendations, query=query)


def related(listing_id: str, *, limit: int | None = None) -> Call[RelatedListings]:
    """What is like a listing, and what is used together with it."""
    path = api("listings", listing_id, "related")
    return Call(method="GET", path=path, answer=RelatedListings, query={"limit": limit})


class Recommending(Namespace[S]):
    """What may please."""

    get = Endpoint(recommend)
    related = Endpoint(related)
