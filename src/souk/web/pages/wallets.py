"""Wallets of the visitor's account: linked, shown, unlinked; and signing in with one."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, Posted, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import after_sign_in, see_other
from souk.web.pages.sign_in import open_browser
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.wallets import (
    LinkedWallet,
    SignedMessage,
    WalletLinkRequest,
    WalletUpdate,
)

HERE: Final = "/account/wallets"
CHAIN_NAMES: Final = {
    1: "Ethereum",
    56: "BNB Smart Chain",
    137: "Polygon",
    42161: "Arbitrum",
    43114: "Avalanche",
    31337: "Local chain",
}
_DONE: Final = {
    "linked": ("The wallet is linked", "You can sign in with it from now on."),
    "unlinked": ("The wallet is unlinked", "It opens nothing here any more."),
    "shown": ("Everybody can see it", "The wallet stands in your DID document."),
    "hidden": ("It is private again", "The wallet was taken out of your DID document."),
}


@get(HERE)
async def wallets_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """The visitor's wallets."""
    wallets = await market.wallets.mine(uow, actor)
    done = _DONE.get(request.query_params.get("done", ""))
    return _page(pages, shell, market, wallets, done=done)


@post(HERE)
async def link_wallet(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Links the wallet that signed."""
    fields = await posted(request)
    wallets = await market.wallets.mine(uow, actor)
    form = Form(values={"name": fields.get("name")})
    wish, errors = read(WalletLinkRequest, {**_signed(fields), "name": fields.get("name")})
    if wish is None:
        return _page(pages, shell, market, wallets, form=_unsigned(form, errors), status=422)
    try:
        await market.wallets.link(uow, actor, wish)
    except SoukError as error:
        return _page(pages, shell, market, wallets, form=form.refused(error), status=error.status)
    return see_other(f"{HERE}?done=linked")


@post("/account/wallets/{wallet_id:str}")
async def show_wallet(
    wallet_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Shows a wallet to everybody, or no longer."""
    published = (await posted(request)).get("published") == "yes"
    await market.wallets.change(uow, actor, wallet_id, WalletUpdate(published=published))
    return see_other(f"{HERE}?done={'shown' if published else 'hidden'}")


@post("/account/wallets/{wallet_id:str}/unlink")
async def unlink_wallet(wallet_id: str, uow: UnitOfWork, actor: Actor, market: Market) -> Redirect:
    """Takes a wallet from the account."""
    await market.wallets.unlink(uow, actor, wallet_id)
    return see_other(f"{HERE}?done=unlinked")


@post("/sign-in/wallet")
async def sign_in_with_wallet(
    request: PageRequest, uow: UnitOfWork, shell: Shell, pages: Pages, market: Market
) -> Response[str] | Redirect:
    """Opens a session for this browser, for the account of the wallet that signed."""
    fields = await posted(request)
    next_path = after_sign_in(fields.get("next", "/"))
    signed, errors = read(SignedMessage, _signed(fields))
    form = _unsigned(Form(), errors)
    if signed is not None:
        try:
            session = await market.wallets.open_page_session(uow, signed)
            return open_browser(uow, market, session, next_path)
        except SoukError as error:
            form = Form().refused(error)
    return pages.answer("pages/sign_in.html", shell, status=422, form=form, next=next_path)


def _signed(fields: Posted) -> dict[str, str]:
    """What the wallet signed; forms send the ends of lines in a way of their own."""
    message = fields.get("message").replace("\r\n", "\n")
    return {"message": message, "signature": fields.get("signature")}


def _unsigned(form: Form, errors: dict[str, str]) -> Form:
    """The form when nothing of the wallet came with it, or another field is wrong."""
    if not {"message", "signature"} & set(errors):
        return Form(values=form.values, errors=errors)
    words = "The wallet has signed nothing. Use the button, and answer in your wallet."
    return Form(values=form.values, errors={**errors, "wallet": words})


def _page(
    pages: Pages,
    shell: Shell,
    market: Market,
    wallets: list[LinkedWallet],
    *,
    form: Form | None = None,
    done: tuple[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    return pages.answer(
        "pages/wallets.html",
        shell,
        status=status,
        here=HERE,
        wallets=wallets,
        chain_names=CHAIN_NAMES,
        did=market.dids.of_organisation(shell.handle),
        done=done,
        form=form or Form(),
    )


ROUTES = [wallets_page, link_wallet, show_wallet, unlink_wallet, sign_in_with_wallet]
