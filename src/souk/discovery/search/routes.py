"""HTTP: search and suggestions. Open to everybody; neither needs a transaction."""

from typing import Annotated, Any, Literal

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from souk.discovery.search.api import Between, Filters, SearchQuestion, Sort
from souk.discovery.search.query.limits import scaled
from souk.discovery.search.service import SearchService
from souk.infra.http.dependencies import Service
from souk.insight.analytics.api import Analytics, Searched, visit_of
from souk.kernel.paging import DEFAULT_LIMIT, MAX_LIMIT
from souk_client.contracts.base import ListingKind
from souk_client.contracts.discovery import SearchAnswer, Suggestions
from souk_client.contracts.works import Region

_TAGS = ["discovery"]
_OWN = {"transaction": "own"}
_MAX_PRICE = 10**15

Order = Literal["relevance", "trending", "newest", "rating", "price_asc", "price_desc", "downloads"]
Text = Annotated[
    str,
    QueryParameter(
        description='words, "exact phrases", -unwanted words, and filters such as `kind:model'
        " price:<10 license:mit`; at most 1,000 characters",
    ),
]
Values = Annotated[list[str] | None, QueryParameter(max_items=20, description="any of these")]
Price = Annotated[
    int | None,
    QueryParameter(
        ge=0,
        le=_MAX_PRICE,
        description="minor units of `currency` (of the marketplace's own when left out)",
    ),
]
Stars = Annotated[float | None, QueryParameter(ge=0, le=5)]
Share = Annotated[float | None, QueryParameter(ge=0, le=1)]
Milliseconds = Annotated[float | None, QueryParameter(ge=0, le=10**9)]
Bytes = Annotated[int | None, QueryParameter(ge=0, le=2**50)]


@get("/search", tags=_TAGS, opt=_OWN)
async def search_listings(
    search: NamedDependency[SearchService],
    analytics: Service[Analytics],
    request: Request[Any, Any, State],
    q: Text = "",
    kind: Annotated[
        list[ListingKind] | None, QueryParameter(max_items=20, description="any of these")
    ] = None,
    tag: Annotated[
        list[str] | None, QueryParameter(max_items=20, description="all of these")
    ] = None,
    licence: Annotated[
        list[str] | None, QueryParameter(max_items=20, description="any of these SPDX expressions")
    ] = None,
    task: Values = None,
    category: Values = None,
    framework: Values = None,
    hardware: Values = None,
    region: Annotated[
        list[Region] | None, QueryParameter(max_items=6, description="sold in any of these")
    ] = None,
    owner: Annotated[
        list[str] | None, QueryParameter(max_items=20, description="slugs of sellers")
    ] = None,
    currency: Annotated[str | None, QueryParameter(pattern="^[A-Z]{3,5}$")] = None,
    price_min_minor: Price = None,
    price_max_minor: Price = None,
    rating_min: Stars = None,
    accuracy_min: Share = None,
    accuracy_max: Share = None,
    latency_min_ms: Milliseconds = None,
    latency_max_ms: Milliseconds = None,
    size_min_bytes: Bytes = None,
    size_max_bytes: Bytes = None,
    memory_gb: Annotated[
        float | None, QueryParameter(ge=0, le=10**6, description="runs with so much memory")
    ] = None,
    sort: FromQuery[Order] = "relevance",
    cursor: Annotated[str | None, QueryParameter(max_length=300)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> SearchAnswer:
    """Finds published listings by words and by meaning, with typing errors mended.

    Filters may stand in `q` and in parameters of their own; they add up. Counts of a facet are
    over all matches, with that facet's own filter lifted. Without words the newest come first.
    """
    answer = await search.search(
        SearchQuestion(
            text=q,
            filters=Filters(
                kinds=tuple(kind or ()),
                tags=tuple(tag or ()),
                licences=tuple(licence or ()),
                tasks=tuple(task or ()),
                categories=tuple(category or ()),
                frameworks=tuple(framework or ()),
                hardware=tuple(hardware or ()),
                regions=tuple(region or ()),
                owners=tuple(owner or ()),
                currency=currency,
                price_min_minor=price_min_minor,
                price_max_minor=price_max_minor,
                rating_milli=scaled("rating_min", rating_min, None, 1000),
                accuracy_ppm=scaled("accuracy", accuracy_min, accuracy_max, 10**6),
                latency_us=scaled("latency", latency_min_ms, latency_max_ms, 1000),
                size_bytes=_whole(size_min_bytes, size_max_bytes),
                memory_mb=scaled("memory_gb", None, memory_gb, 1000),
            ),
            sort=Sort(sort),
            cursor=cursor,
            limit=limit,
        )
    )
    if q and cursor is None:
        found = Searched(query=q, result_count=answer.total, visit=visit_of(request))
        analytics.record(found)
    return answer


@get("/search/suggest", tags=_TAGS, opt=_OWN)
async def suggest(
    search: NamedDependency[SearchService],
    q: Text,
    limit: Annotated[int, QueryParameter(ge=1, le=20)] = 8,
) -> Suggestions:
    """Ways to go on from what is typed: fields and values of filters, words, listings by title."""
    return await search.suggest(q, limit=limit)


def _whole(low: int | None, high: int | None) -> Between | None:
    return None if low is None and high is None else Between(low, high)


ROUTES = [search_listings, suggest]
