"""Step 4: licence of the content, price and terms of an edition."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.kernel.money import CURRENCIES
from souk.web.amounts import AmountUnreadable, read_amount
from souk.web.forms import Form, PageRequest, Posted, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.pages.publish.draft import draft, steps
from souk.web.render import Pages
from souk.web.shell import Shell
from souk.web.words import LICENCES
from souk_client.contracts.works import (
    LicenceTerms,
    Listing,
    ListingUpdate,
    OfferRequest,
    OfferUpdate,
)

_NUMBER_OF = {"timed": "duration_days", "counted": "uses", "seats": "seats"}


@get("/publish/{listing_id:str}/price")
async def price_page(
    listing_id: str, uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The form, and the editions on offer."""
    listing = await draft(uow, actor, market, listing_id)
    form = Form(values=_first_values(listing))
    return await _page(uow, shell, pages, market, listing, form)


@post("/publish/{listing_id:str}/price")
async def save_price(
    listing_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Saves the licence and the offer, and goes on to the review."""
    fields = await posted(request)
    listing = await draft(uow, actor, market, listing_id)
    change, errors = read(ListingUpdate, {"licence": fields.get("licence")})
    if not fields.get("licence"):
        errors["licence"] = "Fill this in."
    wish, offer_errors = _offer(fields)
    errors |= offer_errors
    form = Form(values=fields.form().values, errors=errors)
    if change is None or wish is None or errors:
        return await _page(uow, shell, pages, market, listing, form, status=422)
    try:
        await market.editor.edit(uow, actor, listing_id, change)
        await _put_offer(uow, actor, market, listing, wish)
    except SoukError as error:
        known = {"licence_invalid": "licence", "edition_taken": "edition"}
        return await _page(
            uow, shell, pages, market, listing, form.refused(error, known), status=error.status
        )
    return see_other(f"/publish/{listing_id}/review")


@post("/publish/{listing_id:str}/withdraw")
async def withdraw_edition(
    listing_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Ends the sale of an edition; who has it keeps it."""
    fields = await posted(request)
    listing = await draft(uow, actor, market, listing_id)
    try:
        await market.offers.withdraw(uow, actor, fields.get("offer"))
    except SoukError as error:
        form = Form(values=_first_values(listing)).refused(error)
        return await _page(uow, shell, pages, market, listing, form, status=error.status)
    return see_other(f"/publish/{listing_id}/price")


def _first_values(listing: Listing) -> dict[str, str]:
    return {
        "licence": listing.licence or "Apache-2.0",
        "edition": "standard",
        "currency": "USD",
        "terms": "perpetual",
    }


async def _put_offer(
    uow: UnitOfWork, actor: Actor, market: Market, listing: Listing, wish: OfferRequest
) -> None:
    """A new edition, or new conditions for one that is on offer."""
    same = (o for o in listing.offers if o.state == "active" and o.edition == wish.edition)
    known = next(same, None)
    if known is None:
        await market.offers.add(uow, actor, listing.id, wish)
        return
    update = OfferUpdate(
        price_minor=wish.price_minor,
        currency=wish.currency,
        terms=wish.terms,
        stock=wish.stock,
    )
    await market.offers.change(uow, actor, known.id, update)


def _offer(fields: Posted) -> tuple[OfferRequest | None, dict[str, str]]:
    """The offer of the form, or what is wrong with its fields."""
    errors: dict[str, str] = {}
    code = fields.get("currency", "USD")
    amount = 0
    try:
        amount = read_amount(fields.get("price"), code if code in CURRENCIES else "USD")
    except AmountUnreadable as error:
        errors["price"] = str(error)
    kind = fields.get("terms", "perpetual")
    terms: dict[str, object] = {"kind": kind, "transferable": fields.get("transferable") == "yes"}
    counted = _NUMBER_OF.get(kind)
    if counted is not None:
        number = fields.get("terms_number")
        if not number:
            errors["terms_number"] = "Say how many."
        terms[counted] = number
    wanted_terms, terms_errors = read(LicenceTerms, terms)
    if counted in terms_errors:
        errors.setdefault("terms_number", terms_errors[counted])
    wish, offer_errors = read(
        OfferRequest,
        {
            "edition": fields.get("edition").lower(),
            "price_minor": amount,
            "currency": code,
            "terms": wanted_terms,
            "stock": fields.get("stock"),
        },
    )
    errors = offer_errors | errors
    return (None if errors else wish), errors


async def _page(
    uow: UnitOfWork,
    shell: Shell,
    pages: Pages,
    market: Market,
    listing: Listing,
    form: Form,
    *,
    status: int = 200,
) -> Response[str]:
    chosen = await market.protection_choices.get(uow, listing.id)
    return pages.answer(
        "pages/publish/price.html",
        shell,
        status=status,
        step_names=steps(listing.id),
        listing=listing,
        offers=[offer for offer in listing.offers if offer.state == "active"],
        licence_ids=list(LICENCES),
        currencies=[(code, code) for code in CURRENCIES],
        form=form,
        protection=Form(values={"delivery": chosen.delivery}),
    )


ROUTES = [price_page, save_price, withdraw_edition]
