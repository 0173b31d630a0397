"""Certificates of ownership: the public check, and making one from the library."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound
from souk.web.forms import PageRequest, posted
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.render import Pages
from souk.web.shell import Shell

STATES: Final = {
    "valid": ("success", "Valid", "The licence holds."),
    "revoked": ("error", "Revoked", "The licence does not hold any more."),
    "expired": ("warning", "Expired", "The licence has ended."),
    "unknown": ("error", "Unknown", "Nobody has a certificate with this code."),
}


@get("/certificates/{code:str}")
async def certificate_page(
    code: str, uow: UnitOfWork, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """Whether a certificate is valid, revoked, expired or unknown; open to everybody."""
    try:
        found = await market.certificates.check(uow, code[:64])
    except NotFound:
        found = None
    return pages.answer(
        "pages/certificate.html",
        shell,
        status=200 if found else 404,
        found=found,
        look=STATES[found.state if found else "unknown"],
        code=code[:64],
    )


@post("/library/{licence_id:str}/certificate")
async def make_certificate(
    licence_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Makes a certificate, changes what it shows, or withdraws it."""
    fields = await posted(request)
    if fields.get("act") == "withdraw":
        await market.certificates.withdraw(uow, actor, licence_id)
    else:
        shows_holder = fields.get("shows_holder") == "yes"
        await market.certificates.make(uow, actor, licence_id, shows_holder=shows_holder)
    return see_other(f"/library/{licence_id}#certificate")


ROUTES = [certificate_page, make_certificate]
