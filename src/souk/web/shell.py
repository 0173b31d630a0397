"""What every page shows around its content: who is signed in, the theme, the bell, the tokens."""

from datetime import date, datetime
from typing import Final, Literal

import msgspec
from litestar.utils.scope.state import ScopeState

from souk.infra.http.authentication import CSRF_COOKIE
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.treasury.rates.api import SHOWN, RateTable, format_amount
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.tray import TRAY_COOKIE, read_tray

THEME_COOKIE: Final = "souk_theme"
CURRENCY_COOKIE: Final = "souk_currency"
Theme = Literal["day", "night", "system"]


class About(msgspec.Struct, frozen=True):
    """A price in the visitor's currency: what it comes to, and by whose rate of which day."""

    words: str
    as_of: date
    source: str


class Shell(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of one page for one visitor."""

    actor: Actor
    now: datetime
    path: str
    """Path and query of this page, to come back to after signing in."""
    csrf_token: str
    handle: str = ""
    """Slug of the visitor's personal organisation."""
    theme: Theme = "system"
    unread: int = 0
    live_after: int = 0
    """The page shows everything that was said live up to this position."""
    query: str = ""
    """The words in the search box."""
    kept: tuple[tuple[str, str], ...] = ()
    """What the search box sends along: on a search page, its filters."""
    compared: tuple[str, ...] = ()
    """Addresses in the compare tray."""
    compared_titles: dict[str, str] = {}
    """What the works at those addresses are called, where everybody may know."""
    favourites: frozenset[str] = frozenset()
    """Listings that are favourites of the visitor's (the latest thousand)."""
    development: bool = False
    """Whether the test payment provider is on."""
    currency: str = ""
    """The currency the visitor wants prices to be shown in as well; empty for none."""
    currencies: list[str] = []
    """Those that fresh rates lead to."""
    rates: RateTable | None = None
    """The rates of the day; none on a page without the database."""

    @property
    def signed_in(self) -> bool:
        return self.actor.user_id is not None

    def about(self, amount_minor: int | None, currency: str | None) -> About | None:
        """A price in the visitor's currency, when they chose another and a fresh rate leads there.

        For information: what is paid is always the offer's own price.
        """
        if not (amount_minor and currency and self.currency and self.rates):
            return None
        found = self.rates.convert(amount_minor, currency, self.currency)
        if found is None:
            return None
        words = format_amount(found.amount_minor, found.currency)
        return About(words, as_of=found.as_of, source=found.source)


async def provide_shell(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Shell:
    """The surroundings of this request's page."""
    bare = bare_shell(request, actor, now=uow.now, development=not market.settings.is_production)
    live_after = market.live.position  # before anything of the page is read
    rates = await market.rates.table(uow)
    titles = await market.front.titles(uow, bare.compared)
    bare = msgspec.structs.replace(
        bare,
        live_after=live_after,
        rates=rates,
        currencies=rates.currencies(),
        compared_titles=titles,
    )
    if actor.organisation_id is None:
        return bare
    organisation = await market.organisations.get(uow, actor.organisation_id)
    unread = await market.notices.unread(uow, actor)
    favourites = await market.collections.latest_favourites(uow, actor)
    return msgspec.structs.replace(
        bare, handle=organisation.slug, unread=unread, favourites=favourites
    )


def bare_shell(request: PageRequest, actor: Actor, *, now: datetime, development: bool) -> Shell:
    """The surroundings as far as the request itself tells them; needs no database."""
    url = request.url
    return Shell(
        actor=actor,
        now=now,
        path=url.path + (f"?{url.query}" if url.query else ""),
        csrf_token=_csrf_token(request),
        theme=theme_of(request.cookies.get(THEME_COOKIE)),
        query=request.query_params.get("q", "")[:1000],
        compared=read_tray(request.cookies.get(TRAY_COOKIE)),
        development=development,
        currency=currency_of(request.cookies.get(CURRENCY_COOKIE)),
    )


def theme_of(cookie: str | None) -> Theme:
    """The theme a cookie asks for; anything unknown follows the visitor's system."""
    match cookie:
        case "day":
            return "day"
        case "night":
            return "night"
        case _:
            return "system"


def currency_of(cookie: str | None) -> str:
    """The currency a cookie asks for; empty when it is none that prices can be shown in."""
    return cookie if cookie in SHOWN else ""


def _csrf_token(request: PageRequest) -> str:
    """The token of this visitor, a fresh one on the first page."""
    token = ScopeState.from_scope(request.scope).csrf_token
    return token if isinstance(token, str) else request.cookies.get(CSRF_COOKIE, "")
