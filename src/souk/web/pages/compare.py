"""Works side by side, and the tray in which they are put aside for it."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from souk.discovery.comparisons.api import MAX_COMPARED
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Invalid, NotFound, SoukError
from souk.web.forms import PageRequest, ProblemWords, posted
from souk.web.market import Market
from souk.web.pages.addresses import local_path, see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk.web.tray import compare_href, is_address, tray_cookie
from souk_client.contracts.comparisons import ComparedCell, ComparedListing, ComparedRow, Comparison

MAX_ADDRESS_LETTERS: Final = 3_000
GROUPS: Final = {
    "price": "Price",
    "rating": "Reviews",
    "metrics": "Metrics",
    "licence": "Licence",
    "specs": "What it runs on",
    "files": "Files",
    "activity": "Activity",
}


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One work at the head of the table."""

    listing: ComparedListing
    without_href: str
    """This comparison without it."""
    buy_href: str
    """Where to buy it: the checkout, or its page where an edition must be chosen."""
    buy_words: str
    """Empty while it is not for sale."""


class RowGroupView(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    rows: list[ComparedRow]


class CompareView(msgspec.Struct, frozen=True, kw_only=True):
    """What the template draws."""

    columns: list[Column]
    groups: list[RowGroupView]
    hidden: int
    """Rows left out because every work says the same."""
    only_differences: bool
    toggle_href: str
    problem: ProblemWords | None


@get("/compare")
async def compare_page(
    request: PageRequest, uow: UnitOfWork, shell: Shell, pages: Pages, market: Market
) -> Response[str] | Redirect:
    """Up to six works side by side; without `ids` those in the tray."""
    ids = request.query_params.get("ids", "")[:MAX_ADDRESS_LETTERS]
    named = list(dict.fromkeys(one.strip() for one in ids.split(",") if one.strip()))
    if not named and shell.compared:
        return see_other(compare_href(shell.compared))
    comparison, problem = await _compared(uow, market, named, currency=shell.currency or None)
    view = view_of(
        comparison,
        only_differences=request.query_params.get("only") == "differences",
        problem=None if problem is None else ProblemWords(problem.title, problem.detail),
    )
    # Somebody's shared link still shows what is left of it; then the page itself is there.
    status = 200 if problem is None or comparison.listings else problem.status
    if isinstance(problem, Invalid):
        status = problem.status
    return pages.answer("pages/compare.html", shell, status=status, compare=view)


async def _compared(
    uow: UnitOfWork, market: Market, named: Sequence[str], *, currency: str | None
) -> tuple[Comparison, SoukError | None]:
    """As many of them as can be shown, and what is wrong with the rest."""
    problem: SoukError | None = None
    if len(named) > MAX_COMPARED:
        try:
            await market.comparisons.compare(uow, named, currency=currency)
        except Invalid as error:
            problem = error
        named = named[:MAX_COMPARED]
    while named:
        try:
            return await market.comparisons.compare(uow, named, currency=currency), problem
        except NotFound as error:
            problem = problem or error
            unknown = error.extra.get("unknown")
            gone = set(unknown) if isinstance(unknown, list) else set(named)
            named = [one for one in named if one[:200] not in gone]
    return Comparison(listings=[], rows=[]), problem


def view_of(
    comparison: Comparison, *, only_differences: bool, problem: ProblemWords | None
) -> CompareView:
    """The comparison with its links."""
    addresses = [listing.address for listing in comparison.listings]
    differ = [row for row in comparison.rows if len({_said(row, n) for n in _places(row)}) > 1]
    shown = differ if only_differences else comparison.rows
    return CompareView(
        columns=[
            Column(
                listing=listing,
                without_href=compare_href([one for one in addresses if one != listing.address]),
                buy_href=_buy_href(comparison, place),
                buy_words=_buy_words(comparison, place),
            )
            for place, listing in enumerate(comparison.listings)
        ],
        groups=[
            RowGroupView(title=GROUPS[name], rows=list(rows))
            for name, rows in groupby(shown, key=lambda row: row.group)
        ],
        hidden=len(comparison.rows) - len(shown),
        only_differences=only_differences,
        toggle_href=compare_href(addresses, differences=not only_differences),
        problem=problem,
    )


def _cell(comparison: Comparison, name: str, place: int) -> ComparedCell:
    rows = (row for row in comparison.rows if (row.group, row.name) == ("price", name))
    return next((row.cells[place] for row in rows), ComparedCell())


def _buy_href(comparison: Comparison, place: int) -> str:
    listing = comparison.listings[place]
    if len(_cell(comparison, "Editions", place).values) == 1:
        return f"/checkout/{listing.id}"
    return f"/{listing.address}"


def _buy_words(comparison: Comparison, place: int) -> str:
    money = _cell(comparison, "Price", place).money
    if money is None:
        return ""
    if len(_cell(comparison, "Editions", place).values) > 1:
        return "Choose an edition"
    return "Buy" if money.amount_minor else "Get it"


def _places(row: ComparedRow) -> range:
    return range(len(row.cells))


def _said(row: ComparedRow, place: int) -> bytes:
    """What a cell says, without how it does beside the others."""
    return msgspec.json.encode(msgspec.structs.replace(row.cells[place], best=False, note=""))


@post("/compare")
async def change_tray(
    request: PageRequest, uow: UnitOfWork, shell: Shell, pages: Pages, market: Market
) -> Response[str] | Redirect:
    """Puts a work into the tray or takes it out, and goes back; a script gets the tray alone."""
    fields = await posted(request)
    tray = _changed(
        shell.compared,
        add=fields.get("add"),
        remove=fields.get("remove"),
        clear=bool(fields.get("clear")),
    )
    cookie = tray_cookie(tray, secure=market.settings.base_url.startswith("https://"))
    if request.headers.get("hx-request") != "true":
        return Redirect(local_path(fields.get("back")), status_code=303, cookies=[cookie])
    shown = msgspec.structs.replace(
        shell,
        compared=tray,
        compared_titles=await market.front.titles(uow, tray),
        path=local_path(fields.get("back")),
    )
    answer = pages.answer("components/compare_tray.html", shown)
    answer.set_cookie(cookie)
    return answer


def _changed(tray: Sequence[str], *, add: str, remove: str, clear: bool) -> tuple[str, ...]:
    if clear:
        return ()
    kept = tuple(one for one in tray if one != remove)
    if not add or add in kept:
        return kept
    if not is_address(add):
        raise Invalid("compared_invalid", "A work to compare is named as owner/slug.")
    if len(kept) >= MAX_COMPARED:
        raise Invalid(
            "comparison_full",
            f"At most {MAX_COMPARED} works stand side by side. Take one out of the tray first.",
        )
    return (*kept, add)


@get("/compare/tray")
async def tray(request: PageRequest, shell: Shell, pages: Pages) -> Response[str]:
    """The tray as it is now, for a page that a browser kept."""
    back = local_path(request.query_params.get("back", "")[:2000])
    shown = msgspec.structs.replace(shell, path=back)
    return pages.answer("components/compare_tray.html", shown)


ROUTES = [compare_page, change_tray, tray]
