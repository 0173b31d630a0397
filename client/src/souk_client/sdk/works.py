"""Uploads, listings, versions, search."""

from collections.abc import Sequence
from types import NoneType
from typing import Literal

from souk_client.contracts.base import PageAnswer
from souk_client.contracts.comparisons import Comparison
from souk_client.contracts.discovery import SearchAnswer, Suggestions
from souk_client.contracts.works import (
    Artifact,
    ImportAnswer,
    ImportItem,
    ImportRequest,
    Listing,
    ListingRequest,
    ListingState,
    ListingSummary,
    ListingUpdate,
    Offer,
    OfferRequest,
    OfferUpdate,
    PartReceived,
    PublishRequest,
    Region,
    Upload,
    UploadRequest,
    Version,
    VersionFile,
    VersionRequest,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def create_upload(
    *, filename: str, size_bytes: int, sha256: str, organisation_id: str | None = None
) -> Call[Upload]:
    """Announces a file; `artifact` is set at once when the marketplace already holds it."""
    body = UploadRequest(
        filename=filename, size_bytes=size_bytes, sha256=sha256, organisation_id=organisation_id
    )
    return Call(method="POST", path=api("uploads"), answer=Upload, body=body)


def get_upload(upload_id: str) -> Call[Upload]:
    """An upload, and which parts have arrived."""
    return Call(method="GET", path=api("uploads", upload_id), answer=Upload)


def put_part(upload_id: str, number: int, content: bytes) -> Call[PartReceived]:
    """Sends one part (numbered from 1); parts may come in any order."""
    return Call(
        method="PUT",
        path=api("uploads", upload_id, "parts", number),
        answer=PartReceived,
        content=content,
    )


def complete_upload(upload_id: str) -> Call[Artifact]:
    """Joins the parts; the hash announced at the start is checked."""
    return Call(method="POST", path=api("uploads", upload_id, "complete"), answer=Artifact)


def create_listing(listing: ListingRequest) -> Call[Listing]:
    """A new draft."""
    return Call(method="POST", path=api("listings"), answer=Listing, body=listing)


def get_listing(listing: str) -> Call[Listing]:
    """A listing by its id, or by its address `owner/slug`."""
    owner, slash, slug = listing.partition("/")
    path = api("listings", "by-address", owner, slug) if slash else api("listings", listing)
    return Call(method="GET", path=path, answer=Listing)


def list_listings(
    *,
    organisation_id: str | None = None,
    state: ListingState | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[PageAnswer[ListingSummary]]:
    """An organisation's listings, newest first; the caller's own when it is left out."""
    query = {
        "organisation_id": organisation_id,
        "state": state,
        "cursor": cursor,
        "limit": limit,
    }
    return Call(method="GET", path=api("listings"), answer=PageAnswer[ListingSummary], query=query)


def update_listing(listing_id: str, update: ListingUpdate) -> Call[Listing]:
    """Changes a listing; fields left out stay as they are."""
    return Call(method="PATCH", path=api("listings", listing_id), answer=Listing, body=update)


def create_version(
    listing_id: str, *, version: str, files: Sequence[VersionFile], notes: str = ""
) -> Call[Version]:
    """Names a set of uploaded files with a semantic version that never moves."""
    body = VersionRequest(version=version, files=list(files), notes=notes)
    return Call(
        method="POST", path=api("listings", listing_id, "versions"), answer=Version, body=body
    )


def get_version(listing_id: str, version: str) -> Call[Version]:
    """One version with its files."""
    return Call(method="GET", path=api("listings", listing_id, "versions", version), answer=Version)


def make_version_current(listing_id: str, version: str) -> Call[Listing]:
    """Rolls back, or forward: buyers get this published version from now on."""
    return Call(
        method="POST",
        path=api("listings", listing_id, "versions", version, "current"),
        answer=Listing,
    )


def publish_listing(listing_id: str, *, version: str | None = None) -> Call[Listing]:
    """Makes a version (the newest when left out) public, and the listing with it.

    409 `scan_pending` while the safety scan is under way; the client waits for that.
    """
    return Call(
        method="POST",
        path=api("listings", listing_id, "publish"),
        answer=Listing,
        body=PublishRequest(version=version),
    )


def add_offer(listing_id: str, offer: OfferRequest) -> Call[Offer]:
    """A price and licence terms for an edition of a listing."""
    return Call(method="POST", path=api("listings", listing_id, "offers"), answer=Offer, body=offer)


def change_offer(offer_id: str, update: OfferUpdate) -> Call[Offer]:
    """Puts a new offer in the place of this one; past sales keep the old one."""
    return Call(method="PATCH", path=api("offers", offer_id), answer=Offer, body=update)


def withdraw_offer(offer_id: str) -> Call[None]:
    """Ends an offer."""
    return Call(method="DELETE", path=api("offers", offer_id), answer=NoneType)


def retire_listing(listing_id: str) -> Call[Listing]:
    """Takes a listing off the market; licences sold stay good."""
    return Call(method="POST", path=api("listings", listing_id, "retire"), answer=Listing)


def import_listings(items: Sequence[ImportItem]) -> Call[ImportAnswer]:
    """Many listings in one call, each on its own merits."""
    body = ImportRequest(items=list(items))
    return Call(method="POST", path=api("listings", "import"), answer=ImportAnswer, body=body)


SearchSort = Literal[
    "relevance", "trending", "newest", "rating", "price_asc", "price_desc", "downloads"
]


def search(
    q: str = "",
    *,
    kind: Sequence[str] = (),
    tag: Sequence[str] = (),
    licence: Sequence[str] = (),
    task: Sequence[str] = (),
    category: Sequence[str] = (),
    framework: Sequence[str] = (),
    hardware: Sequence[str] = (),
    region: Sequence[Region] = (),
    owner: str | None = None,
    rating_min: float | None = None,
    accuracy_min: float | None = None,
    latency_max_ms: float | None = None,
    size_max_bytes: int | None = None,
    memory_gb: float | None = None,
    currency: str | None = None,
    price_min_minor: int | None = None,
    price_max_minor: int | None = None,
    sort: SearchSort | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[SearchAnswer]:
    """Finds published listings by words and by filters written among them.

    Args:
        q: such as `digit reader kind:model accuracy:>0.9 price:<10`.
        tag: all of these have to be there; of every other list any one.
        owner: a seller's slug.
        memory_gb: what runs with so much memory.

    Raises:
        SoukApiError: `query_invalid` with `problem.position`, `length`, and perhaps `suggestion`.
    """
    query = {
        "q": q,
        "kind": list(kind),
        "tag": list(tag),
        "licence": list(licence),
        "task": list(task),
        "category": list(category),
        "framework": list(framework),
        "hardware": list(hardware),
        "region": [str(one) for one in region],
        "owner": owner,
        "rating_min": _figure(rating_min),
        "accuracy_min": _figure(accuracy_min),
        "latency_max_ms": _figure(latency_max_ms),
        "size_max_bytes": size_max_bytes,
        "memory_gb": _figure(memory_gb),
        "currency": currency,
        "price_min_minor": price_min_minor,
        "price_max_minor": price_max_minor,
        "sort": sort,
        "cursor": cursor,
        "limit": limit,
    }
    return Call(method="GET", path=api("search"), answer=SearchAnswer, query=query)


def _figure(number: float | None) -> str | None:
    return None if number is None else repr(number)


def suggest(q: str, *, limit: int | None = None) -> Call[Suggestions]:
    """How a query could go on: words, listings, fields and values of filters."""
    query = {"q": q, "limit": limit}
    return Call(method="GET", path=api("search", "suggest"), answer=Suggestions, query=query)


def compare(listings: Sequence[str], *, currency: str | None = None) -> Call[Comparison]:
    """Up to six published listings side by side, the best cells of each row marked.

    Args:
        listings: addresses (owner/slug) or ids; each counts once.
        currency: to also answer prices in, where there are rates.
    """
    query = {"listing": list(listings), "currency": currency}
    return Call(method="GET", path=api("compare"), answer=Comparison, query=query)


class Uploads(Namespace[S]):
    """Files on their way in; `souk.upload_file` does all of it."""

    create = Endpoint(create_upload)
    get = Endpoint(get_upload)
    put_part = Endpoint(put_part)
    complete = Endpoint(complete_upload)


class Listings(Namespace[S]):
    """Works and their versions."""

    create = Endpoint(create_listing)
    get = Endpoint(get_listing)
    list = Endpoint(list_listings)
    update = Endpoint(update_listing)
    create_version = Endpoint(create_version)
    version = Endpoint(get_version)
    make_current = Endpoint(make_version_current)
    add_offer = Endpoint(add_offer)
    change_offer = Endpoint(change_offer)
    withdraw_offer = Endpoint(withdraw_offer)
    publish = Endpoint(publish_listing)
    retire = Endpoint(retire_listing)
    import_many = Endpoint(import_listings)


class Discovery(Namespace[S]):
    """Finding listings."""

    search = Endpoint(search)
    suggest = Endpoint(suggest)
    compare = Endpoint(compare)
