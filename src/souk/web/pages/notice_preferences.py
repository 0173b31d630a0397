"""What the visitor wants to be told, and how."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest, posted
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.insight import NoticeChoice, NoticePreference

HERE = "/account/notifications"
OPERATORS: Final = frozenset({"cdn"})
"""Topics that only operators are told of."""


@get(HERE)
async def preferences_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Every topic with its two ways."""
    return pages.answer(
        "pages/notice_preferences.html",
        shell,
        here=HERE,
        topics=await _topics(uow, actor, market),
        saved="saved" in request.query_params,
    )


@post(HERE)
async def save_preferences(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Keeps the boxes as they were ticked; a box that was not sent is off."""
    fields = await posted(request)
    in_app, email = set(fields.all("in_app")), set(fields.all("email"))
    topics = await _topics(uow, actor, market)
    await market.notices.choose(
        uow,
        actor,
        [
            NoticeChoice(topic=one.topic, in_app=one.topic in in_app, email=one.topic in email)
            for one in topics
        ],
    )
    return see_other(f"{HERE}?saved=1")


async def _topics(uow: UnitOfWork, actor: Actor, market: Market) -> list[NoticePreference]:
    """Those that this visitor can get: the operators' own are for admins."""
    topics = await market.notices.preferences(uow, actor)
    return [one for one in topics if actor.is_admin or one.topic not in OPERATORS]


ROUTES = [preferences_page, save_preferences]
