"""What the visitor wants to be told, and how."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest, posted
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.insight import NoticeChoice

HERE = "/account/notifications"


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
        topics=await market.notices.preferences(uow, actor),
        saved="saved" in request.query_params,
    )


@post(HERE)
async def save_preferences(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Keeps the boxes as they were ticked; a box that was not sent is off."""
    fields = await posted(request)
    in_app, email = set(fields.all("in_app")), set(fields.all("email"))
    topics = await market.notices.preferences(uow, actor)
    await market.notices.choose(
        uow,
        actor,
        [
            NoticeChoice(topic=one.topic, in_app=one.topic in in_app, email=one.topic in email)
            for one in topics
        ],
    )
    return see_other(f"{HERE}?saved=1")


ROUTES = [preferences_page, save_preferences]
