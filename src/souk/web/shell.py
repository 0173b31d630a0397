"""What every page shows around its content: who is signed in, the theme, the bell, the tokens."""

from datetime import datetime
from typing import Final, Literal

import msgspec
from litestar.utils.scope.state import ScopeState

from souk.infra.http.authentication import CSRF_COOKIE
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.tray import TRAY_COOKIE, read_tray

THEME_COOKIE: Final = "souk_theme"
Theme = Literal["day", "night", "system"]


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
    query: str = ""
    """The words in the search box."""
    compared: tuple[str, ...] = ()
    """Addresses in the compare tray."""
    development: bool = False
    """Whether the test payment provider is on."""

    @property
    def signed_in(self) -> bool:
        return self.actor.user_id is not None


async def provide_shell(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Shell:
    """The surroundings of this request's page."""
    bare = bare_shell(request, actor, now=uow.now, development=not market.settings.is_production)
    if actor.organisation_id is None:
        return bare
    organisation = await market.organisations.get(uow, actor.organisation_id)
    unread = await market.notices.unread(uow, actor)
    return msgspec.structs.replace(bare, handle=organisation.slug, unread=unread)


def bare_shell(request: PageRequest, actor: Actor, *, now: datetime, development: bool) -> Shell:
    """The surroundings as far as the request itself tells them; needs no database."""
    url = request.url
    return Shell(
        actor=actor,
        now=now,
        path=url.path + (f"?{url.query}" if url.query else ""),
        csrf_token=_csrf_token(request),
        theme=theme_of(request.cookies.get(THEME_COOKIE)),
        query=request.query_params.get("q", "")[:200],
        compared=read_tray(request.cookies.get(TRAY_COOKIE)),
        development=development,
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


def _csrf_token(request: PageRequest) -> str:
    """The token of this visitor, a fresh one on the first page."""
    token = ScopeState.from_scope(request.scope).csrf_token
    return token if isinstance(token, str) else request.cookies.get(CSRF_COOKIE, "")
