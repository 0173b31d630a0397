"""One review at `/reviews/{id}`: its earlier forms, editing, the seller's reply, votes."""

from collections.abc import Mapping
from typing import Final

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import local_path, see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.reviews import ReplyRequest, ReviewUpdate

_FIELDS: Final = {"text_invalid": "text"}


@get("/reviews/{review_id:str}")
async def review_page(
    review_id: str, uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The review with everything about it."""
    context = await _about(uow, actor, market, review_id)
    return pages.answer_with("pages/review.html", shell, context)


@post("/reviews/{review_id:str}/edit")
async def edit_review(
    review_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Changes the visitor's own review."""
    actor.require_user()
    fields = await posted(request)
    context = await _about(uow, actor, market, review_id)
    stars, errors = read(ReviewUpdate, {"stars": fields.get("stars")})
    form, status = fields.form(), 422
    if stars is not None:
        update = msgspec.structs.replace(stars, text=fields.get("text"))
        try:
            await market.reviews.edit(uow, actor, review_id, update)
        except SoukError as error:
            form, status = form.refused(error, _FIELDS), error.status
        else:
            return see_other(f"/reviews/{review_id}")
    form = msgspec.structs.replace(form, errors={**errors, **form.errors})
    return pages.answer_with(
        "pages/review.html", shell, {**context, "edit_form": form}, status=status
    )


@post("/reviews/{review_id:str}/delete")
async def delete_review(review_id: str, uow: UnitOfWork, actor: Actor, market: Market) -> Redirect:
    """Takes the visitor's own review from sight."""
    review = await market.reviews.get(uow, actor, review_id)
    listing = await market.listings.get(uow, review.listing_id)
    await market.reviews.withdraw(uow, actor, review_id)
    return see_other(f"/{listing.address}/reviews")


@post("/reviews/{review_id:str}/reply")
async def reply_to_review(
    review_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """The seller's answer; one that is empty takes it back."""
    actor.require_user()
    fields = await posted(request)
    context = await _about(uow, actor, market, review_id)
    form, status = fields.form(), 422
    if "remove" in fields.pairs:
        await market.reviews.remove_reply(uow, actor, review_id)
        return see_other(f"/reviews/{review_id}")
    wish, errors = read(ReplyRequest, {"text": fields.get("text")})
    if wish is not None:
        try:
            await market.reviews.reply(uow, actor, review_id, wish)
        except SoukError as error:
            form, status = form.refused(error, _FIELDS), error.status
        else:
            return see_other(f"/reviews/{review_id}")
    form = msgspec.structs.replace(form, errors={**errors, **form.errors})
    return pages.answer_with(
        "pages/review.html", shell, {**context, "reply_form": form}, status=status
    )


@post("/reviews/{review_id:str}/vote")
async def vote(
    review_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Finds it helpful, or no longer; a script gets the button back, a browser the page."""
    actor.require_user()
    fields = await posted(request)
    await market.reviews.vote(uow, actor, review_id, helpful=fields.get("helpful") != "no")
    if request.headers.get("hx-request") == "true":
        review = await market.reviews.get(uow, actor, review_id)
        return pages.answer("pages/review_vote.html", shell, review=review)
    back = local_path(fields.get("back"), default=f"/reviews/{review_id}")
    return see_other(f"{back}#{review_id}")


async def _about(
    uow: UnitOfWork, actor: Actor, market: Market, review_id: str
) -> Mapping[str, object]:
    review = await market.reviews.get(uow, actor, review_id)
    listing = await market.listings.get(uow, review.listing_id)
    history = await market.reviews.history(uow, actor, review_id)
    reply = review.reply.text if review.reply else ""
    return {
        "review": review,
        "listing": listing,
        "history": list(reversed(history.items)),
        "may_reply": actor.manages(listing.owner.id),
        "of_seller": actor.belongs_to(listing.owner.id),
        "edit_form": Form(values={"stars": str(review.stars), "text": review.text}),
        "reply_form": Form(values={"text": reply}),
    }


ROUTES = [review_page, edit_review, delete_review, reply_to_review, vote]
