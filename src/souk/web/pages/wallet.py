"""The wallet: balances, statement, deposits."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.kernel.money import CURRENCIES
from souk.web.amounts import AmountUnreadable, read_amount
from souk.web.forms import Form, PageRequest, posted
from souk.web.market import Market
from souk.web.pages.acting import Acting, acting
from souk.web.pages.addresses import local_path, paging, see_other, with_query
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.treasury import DepositRequest

HERE = "/wallet"
PAGE_SIZE = 30
PROVIDER = "test"


@get(HERE)
async def wallet_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Balances and the statement of one currency."""
    who = await acting(request, uow, actor, market)
    return await _page(request, uow, shell, pages, market, who=who, form=Form())


@post("/wallet/deposits", opt={"idempotency": "required"})
async def deposit(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Puts money in through the development provider."""
    fields = await posted(request)
    who = await acting(request, uow, actor, market, chosen=fields.get("organisation_id"))
    back = local_path(fields.get("back"), default="")
    form = fields.form()
    try:
        currency = fields.get("currency", "USD")
        wish = DepositRequest(
            amount_minor=read_amount(fields.get("amount"), currency),
            currency=currency,
            provider=PROVIDER,
            organisation_id=who.organisation_id,
        )
        await market.payments.deposit(uow, actor, wish)
    except AmountUnreadable as error:
        form = Form(values=form.values, errors={"amount": str(error)})
    except SoukError as error:
        form = form.refused(error, {"amount_invalid": "amount", "currency_unknown": "currency"})
    else:
        done = {"deposited": "1", "back": back, "organisation": who.query, "currency": currency}
        return see_other(with_query(HERE, done))
    return await _page(request, uow, shell, pages, market, who=who, form=form, back=back)


async def _page(
    request: PageRequest,
    uow: UnitOfWork,
    shell: Shell,
    pages: Pages,
    market: Market,
    *,
    who: Acting,
    form: Form,
    back: str = "",
) -> Response[str]:
    query = request.query_params
    balances = await market.ledger.balances(uow, who.organisation_id)
    currencies = [balance.currency for balance in balances]
    wanted = query.get("currency", "")
    usual = (wanted, shell.currency, *(one.currency for one in balances if one.available_minor))
    currency = next((one for one in usual if one in currencies), "USD")
    cursor = query.get("cursor") or None
    page = await market.ledger.statement(
        uow, who.organisation_id, currency, cursor=cursor, limit=PAGE_SIZE
    )
    here = {"currency": currency} | ({"organisation": who.query} if who.query else {})
    return pages.answer(
        "pages/wallet.html",
        shell,
        status=422 if form.errors or form.problem else 200,
        here=HERE,
        who=who,
        balances=balances,
        currency=currency,
        lines=page.items,
        currencies=[(code, code) for code in CURRENCIES],
        form=form,
        deposited="deposited" in query,
        back=back or local_path(query.get("back", ""), default=""),
        paging=paging(HERE, cursor, page.next_cursor, **here),
    )


ROUTES = [wallet_page, deposit]
