"""Domains of the caller's organisations: claimed, proven, certified, taken away."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.acting import acting
from souk.web.pages.addresses import see_other, with_query
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.domains import CertificateRequest, DomainRequest

HERE: Final = "/account/domains"
STATES: Final = {
    "unproven": ("warning", "To be proven"),
    "waiting": ("info", "Waits for a certificate"),
    "live": ("success", "Live"),
    "expiring": ("warning", "Certificate ends soon"),
    "expired": ("error", "Certificate has ended"),
}
_CLAIM: Final = dict.fromkeys(
    ("domain_invalid", "domain_claimed", "domains_full", "host_taken"), "name"
)


@get(HERE)
async def domains_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Every domain, its state, and what to do for it next."""
    facts = await _facts(request, uow, actor, market)
    return pages.answer("pages/domains.html", shell, form=Form(), at="", **facts)


@post(HERE)
async def claim_domain(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Claims a name for the organisation's assets."""
    fields = await posted(request)
    facts = await _facts(request, uow, actor, market, chosen=fields.get("organisation"))
    values = {
        "name": fields.get("name"),
        "certificate": fields.get("certificate"),
        "organisation_id": facts["who"].organisation_id,
    }
    wish, errors = read(DomainRequest, values)
    form = Form(values=fields.form().values, errors=errors)
    if "name" in errors:
        words = "Write a name such as www.example.org."
        form = Form(values=form.values, errors={**errors, "name": words})
    if wish is None:
        return pages.answer("pages/domains.html", shell, status=422, form=form, at="", **facts)
    try:
        await market.domains.claim(uow, actor, wish)
    except SoukError as error:
        form = form.refused(error, _CLAIM)
        return pages.answer(
            "pages/domains.html", shell, status=error.status, form=form, at="", **facts
        )
    return see_other(with_query(HERE, {"organisation": facts["who"].query}))


@post("/account/domains/{domain_id:str}/certificate")
async def send_certificate(
    domain_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Brings a certificate of the owner's own."""
    fields = await posted(request)
    facts = await _facts(request, uow, actor, market, chosen=fields.get("organisation"))
    values = {name: fields.get(name) for name in ("chain_pem", "key_pem")}
    wish, errors = read(CertificateRequest, values)
    # The key is not shown again, whatever is wrong.
    form = Form(values={"chain_pem": values["chain_pem"]}, errors=errors)
    status = 422
    if wish is not None:
        try:
            await market.domains.put_certificate(uow, actor, domain_id, wish)
        except SoukError as error:
            form, status = form.refused(error, {"certificate_invalid": "chain_pem"}), error.status
        else:
            return see_other(with_query(HERE, {"organisation": facts["who"].query}))
    return pages.answer(
        "pages/domains.html", shell, status=status, form=form, at=domain_id, **facts
    )


@post("/account/domains/{domain_id:str}/check")
async def check_domain(
    domain_id: str, request: PageRequest, actor: Actor, market: Market
) -> Redirect:
    """Looks for the proof now."""
    fields = await posted(request)
    await market.domains.check(actor, domain_id)
    return see_other(with_query(HERE, {"organisation": fields.get("organisation")[:40]}))


@post("/account/domains/{domain_id:str}/remove")
async def remove_domain(
    domain_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Takes a domain away."""
    fields = await posted(request)
    await market.domains.remove(uow, actor, domain_id)
    return see_other(with_query(HERE, {"organisation": fields.get("organisation")[:40]}))


async def _facts(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market, *, chosen: str = ""
) -> dict[str, Any]:
    who = await acting(request, uow, actor, market, chosen=chosen)
    return {
        "here": HERE,
        "who": who,
        "domains": await market.domains.all(uow, actor, organisation_id=who.organisation_id),
        "states": STATES,
        "manages": actor.manages(who.organisation_id),
    }


ROUTES = [domains_page, claim_domain, send_certificate, check_domain, remove_domain]
