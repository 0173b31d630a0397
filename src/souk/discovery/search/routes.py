"""HTTP: search and suggestions. Open to everybody; neither needs a transaction."""

from typing import Annotated, Literal

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from souk.discovery.search.api import Filters, SearchQuestion, Sort
from souk.discovery.search.service import SearchService
from souk.kernel.paging import DEFAULT_LIMIT, MAX_LIMIT
from souk_client.contracts.base import ListingKind
from souk_client.contracts.discovery import SearchAnswer, Suggestions

_TAGS = ["discovery"]
_OWN = {"transaction": "own"}
_MAX_PRICE = 10**15

Order = Literal["relevance", "newest", "price_asc", "price_desc", "downloads"]
Text = Annotated[
    str,
    QueryParameter(
        max_length=400,
        description='plain words; "exact phrases" and -unwanted words are understood',
    ),
]
Values = Annotated[list[str] | None, QueryParameter(max_items=20)]
Price = Annotated[
    int | None,
    QueryParameter(
        ge=0,
        le=_MAX_PRICE,
        description="minor units of `currency` (of the marketplace's own when left out)",
    ),
]


@get("/search", tags=_TAGS, opt=_OWN)
async def search_listings(
    search: NamedDependency[SearchService],
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
    owner: Annotated[
        str | None, QueryParameter(max_length=96, description="slug of a seller")
    ] = None,
    currency: Annotated[str | None, QueryParameter(pattern="^[A-Z]{3,5}$")] = None,
    price_min_minor: Price = None,
    price_max_minor: Price = None,
    sort: FromQuery[Order] = "relevance",
    cursor: Annotated[str | None, QueryParameter(max_length=300)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> SearchAnswer:
    """Finds published listings by words and by meaning, with typing errors mended.

    Counts of a facet are over all matches, with that facet's own filter lifted. Without words the
    newest come first.
    """
    return await search.search(
        SearchQuestion(
            text=q,
            filters=Filters(
                kinds=tuple(kind or ()),
                tags=tuple(tag or ()),
                licences=tuple(licence or ()),
                tasks=tuple(task or ()),
                categories=tuple(category or ()),
                owners=() if owner is None else (owner,),
                currency=currency,
                price_min_minor=price_min_minor,
                price_max_minor=price_max_minor,
            ),
            sort=Sort(sort),
            cursor=cursor,
            limit=limit,
        )
    )


@get("/search/suggest", tags=_TAGS, opt=_OWN)
async def suggest(
    search: NamedDependency[SearchService],
    q: Text,
    limit: Annotated[int, QueryParameter(ge=1, le=20)] = 8,
) -> Suggestions:
    """Ways to go on from what is typed: words, and listings by their titles."""
    return await search.suggest(q, limit=limit)


ROUTES = [search_listings, suggest]
