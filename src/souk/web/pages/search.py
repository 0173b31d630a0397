"""Browse and search: the filters live in the address, so a result can be shared."""

from typing import Annotated, Final, Literal

import msgspec
from litestar import Response, get
from litestar.datastructures import Cookie
from litestar.params import Parameter

from souk.discovery.alerts.api import filters_of
from souk.discovery.search.api import SearchQuestion, Sort
from souk.insight.analytics.api import Searched, visit_of
from souk.kernel.errors import SoukError, Unavailable
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.pages.search_address import (
    MAX_QUERY,
    VIEWS,
    Address,
    read_address,
    search_filters,
)
from souk.web.pages.search_dropped import not_understood
from souk.web.pages.search_facets import Chip, FacetView, chips, clear_href, facet_views
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.discovery import SearchAnswer, SearchHit, Suggestions

PAGE_SIZE: Final = 24
VIEW_COOKIE: Final = "souk_view"
_YEAR_S: Final = 365 * 86400


class QueryProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a query, and where: the query in three pieces, the middle one at fault."""

    title: str
    detail: str
    before: str = ""
    wrong: str = ""
    after: str = ""
    suggestion: str = ""
    suggestion_href: str = ""


class SearchView(msgspec.Struct, frozen=True, kw_only=True):
    """What the results template draws."""

    state: Literal["ready", "refused", "starting"]
    not_understood: list[str] = []
    """Parts of the address that were left out, as people read them."""
    query: str
    kind: str
    total: int = 0
    took_ms: float | None = None
    items: list[SearchHit] = []
    by_meaning_only: bool = False
    """Whether nothing has the words, and what is shown is only near in meaning."""
    view: str
    sort: str
    facets: list[FacetView] = []
    chips: list[Chip]
    is_indexed: bool
    """Whether search engines may keep it: the whole market and its first shelves, and not the
    endless answers to words and combinations."""
    problem: QueryProblem | None = None
    hidden: list[tuple[str, str]]
    """What the filter form keeps besides its own controls."""
    saved: list[tuple[str, str]]
    """The whole search, for the form that keeps it."""
    here: str
    grid_href: str
    list_href: str
    clear_href: str
    words_href: str
    """The words alone, without any filter; empty without words or filters."""
    did_you_mean: str = ""
    did_you_mean_href: str = ""
    first_href: str = ""
    next_href: str = ""
    ends_after: int | None = None


def question_of(address: Address) -> SearchQuestion:
    """The question to the index."""
    sort = address.one("sort")
    return SearchQuestion(
        text=address.one("q"),
        filters=filters_of(search_filters(address)),
        sort=Sort(sort) if sort in {one.value for one in Sort} else Sort.RELEVANCE,
        cursor=address.one("cursor") or None,
        limit=PAGE_SIZE,
    )


def view_of(
    address: Address,
    answer: SearchAnswer | None,
    *,
    sort: str,
    view: str,
    problem: QueryProblem | None = None,
) -> SearchView:
    """Facets, chips and links around an answer; without one, what can be said all the same."""
    kinds = address.all("kind")
    words = answer.text if answer and not problem else address.one("q")
    on = chips(address, answer.parsed if answer and not problem else ())
    facets = facet_views(address, answer.facets) if answer else []
    drawn = {facet.name for facet in facets} | (set() if problem else {"sort"})
    shown = SearchView(
        state="refused" if problem else "ready" if answer else "starting",
        query=address.one("q"),
        kind=kinds[0] if len(kinds) == 1 else "",
        view=view,
        sort=sort,
        facets=facets,
        chips=on,
        is_indexed=not address.one("q") and len(on) <= 1 and not address.one("cursor"),
        problem=problem,
        hidden=address.kept(*drawn),
        saved=address.kept("sort", "view"),
        here=address.href(),
        grid_href=address.changed(view="grid"),
        list_href=address.changed(view="list"),
        clear_href=clear_href(address, words),
        words_href=clear_href(address, words) if words and on else "",
        first_href=address.changed() if address.one("cursor") else "",
    )
    if answer is None or problem is not None:
        return shown
    return msgspec.structs.replace(
        shown,
        total=answer.total,
        took_ms=answer.took_ms,
        items=answer.items,
        by_meaning_only=_is_by_meaning_only(answer),
        did_you_mean=answer.did_you_mean or "",
        did_you_mean_href=address.changed(q=answer.did_you_mean or ""),
        next_href=_next_href(address, answer.next_cursor),
        ends_after=answer.ends_after,
    )


def _is_by_meaning_only(answer: SearchAnswer) -> bool:
    return bool(answer.text) and not any("text" in hit.matched for hit in answer.items)


def _next_href(address: Address, cursor: str | None) -> str:
    if cursor is None:
        return ""
    return msgspec.structs.replace(address, parts={**address.parts, "cursor": (cursor,)}).href()


def problem_of(address: Address, error: SoukError, *, typed: int = 0) -> QueryProblem:
    """A refusal in a page's words; a mistake in the query with the place it is at.

    Args:
        typed: how many characters were sent; the address keeps no more than it needs.
    """
    if typed > MAX_QUERY:
        return QueryProblem(
            title="That is too long to search for",
            detail=f"A query has at most {MAX_QUERY:,} characters; this one has {typed:,}.",
        )
    if words := _WORDS.get(error.code):
        return QueryProblem(title=words[0], detail=words[1])
    position, length = error.extra.get("position"), error.extra.get("length")
    if not isinstance(position, int) or not isinstance(length, int):
        return QueryProblem(title=error.title, detail=error.detail)
    text = address.one("q")
    suggestion = error.extra.get("suggestion")
    mended = suggestion if isinstance(suggestion, str) else ""
    return QueryProblem(
        title="The search cannot be read",
        detail=error.detail,
        before=_near(text[:position], last=True),
        wrong=text[position : position + max(length, 1)][:_NEAR],
        after=_near(text[position + max(length, 1) :], last=False),
        suggestion=mended,
        suggestion_href=address.changed(q=mended) if mended else "",
    )


_WORDS: Final = {
    "price_range_invalid": (
        "No price lies in that range",
        "The lowest price is above the highest. Swap them, or leave one of them open.",
    ),
    "cursor_invalid": (
        "This page of results is no longer there",
        "The link to it is incomplete or old. Search again to start at the first page.",
    ),
}
"""Refusals that name what programs send, said as people see it."""
_NEAR: Final = 80
"""Letters shown on each side of a mistake."""


def _near(text: str, *, last: bool) -> str:
    if len(text) <= _NEAR:
        return text
    return f"…{text[-_NEAR:]}" if last else f"{text[:_NEAR]}…"


@get("/search")
async def search_page(
    request: PageRequest, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """Results with facets; the whole page each time, of which htmx takes the part it needs."""
    address = read_address(request.query_params)
    question = question_of(address)
    asked_view = address.one("view")
    view = asked_view or request.cookies.get(VIEW_COOKIE, "")
    view = view if view in VIEWS else VIEWS[0]
    sort = question.sort.value
    status, headers = 200, {}
    try:
        answer = await market.search.search(question)
        shown = view_of(address, answer, sort=sort, view=view)
        _count(request, market, question, answer)
    except Unavailable as error:
        shown = view_of(address, None, sort=sort, view=view)
        status, headers = error.status, {"retry-after": "2"}
    except SoukError as error:
        # 422 whatever the refusal: a page with a mistake marked in it is shown, not dropped.
        status, panel = 422, await _panel(market, question)
        problem = problem_of(address, error, typed=len(request.query_params.get("q", "")))
        shown = view_of(address, panel, sort=sort, view=view, problem=problem)
    if dropped := not_understood(request.query_params):
        shown = msgspec.structs.replace(shown, not_understood=dropped, is_indexed=False)
    shell = msgspec.structs.replace(shell, kept=tuple(address.kept("q")))
    answered = pages.answer(
        "pages/search.html", shell, status=status, headers=headers, search=shown
    )
    if asked_view in VIEWS and request.cookies.get(VIEW_COOKIE) != asked_view:
        answered.set_cookie(_view_cookie(asked_view, market))
    return answered


def _count(
    request: PageRequest, market: Market, question: SearchQuestion, answer: SearchAnswer
) -> None:
    """Tells analytics of a search in words; going on to its next page is none."""
    if question.text and question.cursor is None:
        visit = visit_of(request)
        market.analytics.record(
            Searched(query=question.text, result_count=answer.total, visit=visit)
        )


async def _panel(market: Market, question: SearchQuestion) -> SearchAnswer | None:
    """The filters' counts while the words cannot be read; none when the filters are at fault."""
    try:
        return await market.search.search(
            msgspec.structs.replace(question, text="", cursor=None, limit=1)
        )
    except SoukError:
        return None


def _view_cookie(view: str, market: Market) -> Cookie:
    return Cookie(
        key=VIEW_COOKIE,
        value=view,
        path="/",
        max_age=_YEAR_S,
        httponly=True,
        samesite="lax",
        secure=market.settings.base_url.startswith("https://"),
    )


@get("/search/suggest", opt={"transaction": "own"})
async def suggest(
    market: Market, q: Annotated[str, Parameter(max_length=1000)] = ""
) -> Suggestions:
    """Ways to go on from what is typed."""
    return await market.search.suggest(q)


ROUTES = [search_page, suggest]
