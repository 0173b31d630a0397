"""Where a seller gets the parts of sales that are paid on chains."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted
from souk.web.market import Market
from souk.web.pages.acting import organisation_choices
from souk.web.pages.addresses import see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.chain_sales import PayoutWalletRequest
from souk_client.contracts.wallets import LinkedWallet

HERE: Final = "/account/payout"


@get(HERE)
async def payout_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Where each organisation that the visitor manages is paid."""
    actor.require_user()
    form = Form(values={"organisation_id": request.query_params.get("organisation", "")})
    return await _page(uow, actor, shell, pages, market, form, done="done" in request.query_params)


@post(HERE)
async def set_payout(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Says where one of them is paid from now on."""
    actor.require_user()
    fields = await posted(request)
    organisation_id = fields.get("organisation_id") or None
    wish = PayoutWalletRequest(organisation_id=organisation_id, wallet=fields.get("wallet") or None)
    form = fields.form()
    try:
        await market.chain_sales.pay_to(uow, actor, wish)
    except SoukError as error:
        form = form.refused(error)
        return await _page(uow, actor, shell, pages, market, form, status=error.status)
    return see_other(f"{HERE}?done=1")


async def _page(
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
    form: Form,
    *,
    done: bool = False,
    status: int = 200,
) -> Response[str]:
    wallets = await market.wallets.mine(uow, actor)
    organisations = [
        (key, name)
        for key, name in await organisation_choices(uow, actor, market)
        if actor.manages(key)
    ]
    paid = [
        (name, (await market.chain_sales.payout_wallet(uow, actor, organisation_id=key)).wallet)
        for key, name in organisations
    ]
    return pages.answer(
        "pages/payout.html",
        shell,
        status=status,
        here="/account/wallets",
        form=form,
        done=done,
        paid=paid,
        organisations=organisations,
        wallets=[("", "The wallet here"), *((one.address, _called(one)) for one in wallets)],
        has_wallets=bool(wallets),
    )


def _called(wallet: LinkedWallet) -> str:
    short = f"{wallet.address[:6]}…{wallet.address[-4:]}"
    return f"{wallet.name} ({short})" if wallet.name else short


ROUTES = [payout_page, set_payout]
