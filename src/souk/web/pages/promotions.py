"""A seller's promotions: codes, how often they were used, and a form for a new one."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.kernel.money import CURRENCIES
from souk.web.amounts import AmountUnreadable, read_amount
from souk.web.forms import Form, PageRequest, Posted, posted, read
from souk.web.market import Market
from souk.web.pages.acting import Acting, acting
from souk.web.pages.addresses import paging, see_other, with_query
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.promotions import PromotionRequest

SHOWN: Final = 50
MAX_WORKS: Final = 100
_FIELDS: Final = {"promotion_code_taken": "code", "listing_unknown": "listing_id"}
_DEFAULTS: Final = {"kind": "percent", "currency": "USD", "max_uses_per_buyer": "1"}


@get("/selling/promotions")
async def promotions_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """The codes, and the form for a new one."""
    who = await acting(request, uow, actor, market)
    desk = await _Desk.of(request, uow, actor, market, who)
    return desk.answer(pages, shell, Form(values=_DEFAULTS))


@post("/selling/promotions")
async def add_promotion(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Makes a code."""
    actor.require_user()
    fields = await posted(request)
    who = await acting(request, uow, actor, market, chosen=fields.get("organisation"))
    desk = await _Desk.of(request, uow, actor, market, who)
    wish, errors = _wish(fields, who)
    form = Form(values=fields.form().values, errors=errors)
    if wish is None:
        return desk.answer(pages, shell, form, status=422)
    try:
        await market.promotions.create(uow, actor, wish)
    except SoukError as error:
        return desk.answer(pages, shell, form.refused(error, _FIELDS), status=error.status)
    return see_other(with_query("/selling/promotions", {"organisation": who.query}))


@post("/selling/promotions/{promotion_id:str}/end")
async def end_promotion(
    promotion_id: str, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Stops a code."""
    ended = await market.promotions.end(uow, actor, promotion_id)
    own = "" if ended.organisation_id == actor.organisation_id else ended.organisation_id
    return see_other(with_query("/selling/promotions", {"organisation": own}))


class _Desk:
    """What the page shows; gathered before anything is tried."""

    def __init__(self, **context: object) -> None:
        self._context = context

    @classmethod
    async def of(
        cls, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market, who: Acting
    ) -> "_Desk":
        cursor = request.query_params.get("cursor") or None
        page = await market.promotions.page(
            uow, actor, organisation_id=who.organisation_id, cursor=cursor, limit=SHOWN
        )
        works = await market.listings.of_organisation(uow, who.organisation_id, limit=MAX_WORKS)
        return cls(
            who=who,
            promotions=page.items,
            titles={work.id: work.title for work in works.items},
            works=[("", "All your works"), *((work.id, work.title) for work in works.items)],
            may_manage=actor.manages(who.organisation_id),
            paging=paging("/selling/promotions", cursor, page.next_cursor, organisation=who.query),
        )

    def answer(self, pages: Pages, shell: Shell, form: Form, *, status: int = 200) -> Response[str]:
        context = {
            **self._context,
            "here": "/selling",
            "currencies": [(code, code) for code in CURRENCIES],
            "form": form,
        }
        return pages.answer_with("pages/promotions.html", shell, context, status=status)


def _wish(fields: Posted, who: Acting) -> tuple[PromotionRequest | None, dict[str, str]]:
    """The promotion of the form, or what is wrong with its fields."""
    errors: dict[str, str] = {}
    code = fields.get("currency")
    values: dict[str, object] = {
        "code": fields.get("code"),
        "organisation_id": who.organisation_id,
        "listing_id": fields.get("listing_id"),
        "max_uses": fields.get("max_uses"),
        "minimum_price_minor": 0,
    }
    if fields.get("kind") == "amount":
        values["amount_off_minor"] = _amount(fields.get("value"), code, errors, "value")
        values["currency"] = code
    else:
        values["percent_off"] = fields.get("value")
    if fields.get("minimum"):
        values["minimum_price_minor"] = _amount(fields.get("minimum"), code, errors, "minimum")
        values["currency"] = code
    for name in ("starts_at", "ends_at"):
        if fields.get(name):
            values[name] = _moment(fields.get(name), errors, name)
    wish, wrong = read(PromotionRequest, values)
    for name in ("percent_off", "amount_off_minor"):
        if name in wrong:
            wrong.setdefault("value", wrong.pop(name))
    if not fields.get("value"):
        wrong["value"] = "Fill this in."
    errors = wrong | errors
    per_buyer, per_buyer_errors = _uses(fields.get("max_uses_per_buyer"))
    errors |= per_buyer_errors
    if wish is None or errors:
        return None, errors
    return msgspec.structs.replace(wish, max_uses_per_buyer=per_buyer), {}


def _uses(text: str) -> tuple[int | None, dict[str, str]]:
    """How often one buyer may use it; empty is no limit."""
    if not text:
        return None, {}
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 4 and 1 <= int(text) <= 1000):
        return None, {"max_uses_per_buyer": "From 1 to 1000, or empty for no limit."}
    return int(text), {}


def _amount(text: str, code: str, errors: dict[str, str], field: str) -> int:
    try:
        return read_amount(text, code if code in CURRENCIES else "USD")
    except AmountUnreadable as error:
        errors[field] = str(error)
        return 1


def _moment(text: str, errors: dict[str, str], field: str) -> datetime | None:
    """A day as the form gives it: a start at its beginning, an end at its end (UTC)."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
        if field == "ends_at":
            day += timedelta(days=1)
    except (ValueError, OverflowError):
        errors[field] = "Give a day, such as 2027-01-31."
        return None
    return datetime.combine(day, time(), tzinfo=UTC)


ROUTES = [promotions_page, add_promotion, end_promotion]
