"""Sellers that ask the operator to check who they are."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest, posted
from souk.web.market import Market
from souk.web.pages.addresses import paging, see_other
from souk.web.pages.admin.shared import PAGE_SIZE, PERMISSION, cursor_of
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.storefronts import IdentityDecision

HERE = "/admin/identity"
NOTE_LENGTH = 500


@get(HERE)
async def identity_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Who has waited longest comes first."""
    actor.require(PERMISSION)
    cursor = cursor_of(request)
    page = await market.badges.identity_cases(uow, actor, cursor=cursor, limit=PAGE_SIZE)
    return pages.answer(
        "pages/admin/identity.html",
        shell,
        here=HERE,
        cases=page.items,
        paging=paging(HERE, cursor, page.next_cursor),
    )


@post("/admin/identity/{slug:str}")
async def decide(
    slug: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Says what came of a check."""
    actor.require(PERMISSION)
    fields = await posted(request)
    passed = fields.get("outcome") == "passed"
    note = fields.get("note").strip()[:NOTE_LENGTH] or ("checked" if passed else "not enough")
    await market.badges.decide_identity(
        uow, actor, slug, IdentityDecision(passed=passed, note=note)
    )
    return see_other(HERE)


ROUTES = [identity_page, decide]
