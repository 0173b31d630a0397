"""A seller's page, at `/{owner}`, and what its managers say on it."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.acting import Acting, acting
from souk.web.pages.addresses import paging, see_other, with_query
from souk.web.pages.listing_seo import data_block
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.storefronts import IdentityRequest, Storefront, StorefrontUpdate

PAGE_SIZE: Final = 24
COLLECTIONS: Final = 6
EDIT: Final = "/selling/storefront"


@get("/{owner:str}")
async def storefront_page(
    owner: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """What a seller has, says and is known for."""
    front = await market.badges.storefront(uow, owner)
    seller = front.organisation
    cursor = request.query_params.get("cursor") or None
    works = await market.listings.of_organisation(
        uow, seller.id, state="published", cursor=cursor, limit=PAGE_SIZE
    )
    curated = await market.collections.of_organisation(uow, actor, seller.id, limit=COLLECTIONS)
    return pages.answer(
        "pages/storefront.html",
        shell,
        front=front,
        works=works.items,
        collections=curated.items,
        follow=await market.collections.follow_state(uow, actor, seller.slug),
        structured=data_block(organisation(front, base=market.settings.base_url)),
        may_edit=actor.manages(seller.id),
        credential=await market.credentials.find(uow, seller.slug),
        paging=paging(f"/{seller.slug}", cursor, works.next_cursor),
    )


@get(EDIT)
async def edit_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """The words of the storefront, and the checks behind its badge."""
    who = await acting(request, uow, actor, market)
    front = await _front(uow, market, who)
    form = Form(values={"about": front.about, "website": front.website or ""})
    return await _edit(uow, actor, shell, pages, market, who=who, front=front, form=form)


@post(EDIT)
async def save(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Saves the words."""
    fields = await posted(request)
    who = await acting(request, uow, actor, market, chosen=fields.get("organisation"))
    front = await _front(uow, market, who)
    wish, errors = read(
        StorefrontUpdate, {"about": fields.get("about"), "website": fields.get("website").strip()}
    )
    form = Form(values=fields.form().values, errors=errors)
    if wish is not None:
        try:
            await market.badges.update(uow, actor, front.organisation.slug, wish)
            return see_other(with_query(EDIT, {"organisation": who.query, "saved": "1"}))
        except SoukError as error:
            form = form.refused(error, {"text_invalid": "about"})
    return await _edit(
        uow, actor, shell, pages, market, who=who, front=front, form=form, status=422
    )


@post(f"{EDIT}/website")
async def check_website(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Has the website looked at."""
    fields = await posted(request)
    who = await acting(request, uow, actor, market, chosen=fields.get("organisation"))
    front = await _front(uow, market, who)
    await market.badges.check_website(uow, actor, front.organisation.slug)
    return see_other(with_query(EDIT, {"organisation": who.query}) + "#checks")


@post(f"{EDIT}/identity")
async def ask_identity(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Asks the operator to check who is behind the seller."""
    fields = await posted(request)
    who = await acting(request, uow, actor, market, chosen=fields.get("organisation"))
    front = await _front(uow, market, who)
    wish, errors = read(IdentityRequest, {"evidence": fields.get("evidence").strip()})
    values = {"about": front.about, "website": front.website or ""}
    form = Form(values={**values, "evidence": fields.get("evidence")}, errors=errors)
    if wish is not None:
        try:
            await market.badges.ask_identity(uow, actor, front.organisation.slug, wish)
            return see_other(with_query(EDIT, {"organisation": who.query}) + "#checks")
        except SoukError as error:
            form = form.refused(error, {"identity_pending": "evidence"})
    return await _edit(
        uow, actor, shell, pages, market, who=who, front=front, form=form, status=422
    )


@post(f"{EDIT}/credential")
async def change_credential(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Makes the seller's credential, anew where there is one, or takes it back."""
    fields = await posted(request)
    who = await acting(request, uow, actor, market, chosen=fields.get("organisation"))
    slug = (await _front(uow, market, who)).organisation.slug
    if fields.get("wish") == "revoke":
        await market.credentials.revoke(uow, actor, slug)
    else:
        await market.credentials.issue(uow, actor, slug)
    return see_other(with_query(EDIT, {"organisation": who.query}) + "#credential")


def organisation(front: Storefront, *, base: str) -> dict[str, object]:
    """A seller in the words of schema.org, for search engines."""
    seller, rating = front.organisation, front.reputation.rating
    address = f"{base}/{seller.slug}"
    about: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "Organization",
        "@id": address,
        "url": address,
        "name": seller.name,
        "alternateName": seller.slug,
    }
    if front.website:
        about["sameAs"] = [front.website]
    if rating.mean is not None:
        about["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": round(rating.mean, 2),
            "ratingCount": rating.count,
            "bestRating": 5,
            "worstRating": 1,
        }
    return about


async def _front(uow: UnitOfWork, market: Market, who: Acting) -> Storefront:
    organisation = await market.organisations.get(uow, who.organisation_id)
    return await market.badges.storefront(uow, organisation.slug)


async def _edit(
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
    *,
    who: Acting,
    front: Storefront,
    form: Form,
    status: int = 200,
) -> Response[str]:
    may_manage = actor.manages(front.organisation.id)
    proof = None
    if may_manage and front.website:
        proof = await market.badges.website_check(uow, actor, front.organisation.slug)
    return pages.answer(
        "pages/storefront_edit.html",
        shell,
        status=status,
        here="/selling",
        who=who,
        front=front,
        checks={check.kind: check for check in front.badge.checks},
        proof=proof,
        credential=await market.credentials.find(uow, front.organisation.slug),
        may_manage=may_manage,
        form=form,
    )


ROUTES = [edit_page, save, check_website, ask_identity, change_credential, storefront_page]
