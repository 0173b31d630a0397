"""Licences as tokens on a chain, and their resale by their holders."""

from typing import Final

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound, SoukError
from souk.rights.chain_index.api import AskRequest, LicenceAsk, MintRequest, SaleChain
from souk.web.forms import PageRequest, ProblemWords, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import paging, see_other
from souk.web.pages.chain_checkout import amount_words, chain_name
from souk.web.render import Pages
from souk.web.shell import Shell

HERE: Final = "/resales"
PAGE_SIZE: Final = 30
UNITS: Final = 10**18
"""The smallest units of every coin and token here."""
MINTING: Final = {
    "queued": ("info", "Waits to be sent"),
    "sent": ("info", "On its way"),
    "mined": ("info", "In a block"),
    "final": ("success", "On the chain"),
    "failed": ("error", "The chain refused it"),
}


@post("/library/{licence_id:str}/mint", opt={"idempotency": "required"})
async def mint_from_library(
    licence_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Wants the licence as a token in one of the caller's wallets."""
    fields = await posted(request)
    chain, _, wallet = fields.get("place").partition(" ")
    wanted, _ = read(MintRequest, {"chain": chain or None, "wallet": wallet or None})
    await market.tokens.mint(uow, actor, licence_id, wanted or MintRequest())
    return see_other(f"/library/{licence_id}#token")


@post("/library/{licence_id:str}/resale", opt={"idempotency": "required"})
async def ask_from_library(
    licence_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Begins to sell the licence on; its page lets the wallet sign."""
    actor.require_user()
    fields = await posted(request)
    values = {
        "currency": fields.get("currency"),
        "price_units": _units(fields.get("price")),
        "days": int(fields.get("days")) if fields.get("days").isdecimal() else 30,
    }
    wish, errors = read(AskRequest, values)
    problem: ProblemWords | None = None
    if wish is not None:
        try:
            own = await market.asks.open(uow, actor, licence_id, wish)
        except SoukError as error:
            if isinstance(error, NotFound):
                raise
            problem = ProblemWords(title=error.title, detail=error.detail)
        else:
            return see_other(f"{HERE}/{own.ask.id}")
    words = "; ".join(errors.values()) if errors else "The price is no number above zero."
    problem = problem or ProblemWords(title="That cannot be asked", detail=words)
    return pages.answer(
        "pages/resale_refused.html", shell, status=422, licence_id=licence_id, problem=problem
    )


@get(HERE)
async def resales_page(
    request: PageRequest, uow: UnitOfWork, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """Licences that their holders sell on."""
    cursor = request.query_params.get("cursor") or None
    listing = request.query_params.get("listing") or None
    page = await market.asks.page(uow, listing_id=listing, cursor=cursor, limit=PAGE_SIZE)
    return pages.answer(
        "pages/resales.html",
        shell,
        here=HERE,
        asks=page.items,
        amounts={ask.id: amount_words(ask.price_units) for ask in page.items},
        chain_name=chain_name,
        paging=paging(HERE, cursor, page.next_cursor),
    )


@get("/resales/{ask_id:str}")
async def resale_page(
    ask_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """One ask: for its seller what the wallet signs, for others how to buy it."""
    ask = await market.asks.get(uow, ask_id)
    chain = next((c for c in await market.chains.all(uow) if c.name == ask.chain), None)
    signing = buying = wallet = ""
    problem: ProblemWords | None = None
    wallets: list[str] = []
    is_seller = False
    if actor.user_id is not None and chain is not None:
        places = await market.tokens.where(uow, actor)
        wallets = [address for name, address in places if name == ask.chain]
        is_seller = ask.seller in wallets
        try:
            if is_seller:
                own = await market.asks.own(uow, actor, ask_id)
                signing = msgspec.json.encode(own).decode()
            elif wallets:
                asked = request.query_params.get("wallet", "")
                wallet = asked if asked in wallets else wallets[0]
                found = await market.asks.purchase(uow, actor, ask_id, wallet=wallet)
                buying = msgspec.json.encode(found.call).decode()
        except SoukError as error:
            problem = ProblemWords(title=error.title, detail=error.detail)
    return pages.answer(
        "pages/resale.html",
        shell,
        ask=ask,
        amount=amount_words(ask.price_units),
        chain_name=chain_name(ask.chain),
        wallet_chain="" if chain is None else wallet_chain(chain),
        is_seller=is_seller,
        signed_in=actor.user_id is not None,
        signing=signing,
        buying=buying,
        wallet=wallet,
        wallets=wallets,
        problem=problem,
    )


@post("/resales/{ask_id:str}/withdraw")
async def withdraw_from_page(
    ask_id: str, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Takes an ask off the list."""
    await market.asks.withdraw(uow, actor, ask_id)
    return see_other(f"{HERE}/{ask_id}")


class TokenPanel(msgspec.Struct, frozen=True, kw_only=True):
    """What the licence's page says of its token."""

    tone: str
    words: str
    is_moving: bool
    """Whether the page should look again soon."""
    chain: str
    contract: str
    token_id: str
    holder: str
    transaction_hash: str | None
    block_number: int | None
    problem: str


async def token_panel(
    uow: UnitOfWork, actor: Actor, market: Market, licence_id: str
) -> TokenPanel | None:
    """The licence's token; None while it has none."""
    token = await market.tokens.token(uow, actor, licence_id)
    if token is None:
        return None
    tone, words = MINTING[token.state]
    return TokenPanel(
        tone=tone,
        words=words,
        is_moving=token.state in ("queued", "sent", "mined"),
        chain=chain_name(token.chain),
        contract=token.contract,
        token_id=token.token_id,
        holder=token.holder,
        transaction_hash=token.transaction_hash,
        block_number=token.block_number,
        problem=token.problem,
    )


async def resale_of(
    uow: UnitOfWork, actor: Actor, market: Market, licence_id: str
) -> tuple[LicenceAsk | None, list[str]]:
    """The licence's open ask, and what can be asked for on the chain of its token."""
    token = await market.tokens.token(uow, actor, licence_id)
    chains = [] if token is None else await market.chains.all(uow)
    symbols = [
        one.symbol
        for chain in chains
        if token and chain.name == token.chain
        for one in chain.tokens
    ]
    return await market.asks.of_licence(uow, actor, licence_id), symbols


def wallet_chain(chain: SaleChain) -> str:
    """The chain as `web/src/wallet.ts` takes it, as JSON."""
    coin = chain.tokens[0].symbol
    name = chain_name(chain.name)
    value = {
        "id": chain.chain_id,
        "name": f"Souk's {name}" if chain.is_local else name,
        "coin": {"name": coin, "symbol": coin, "decimals": 18},
        "rpcUrls": list(chain.rpc_urls),
    }
    return msgspec.json.encode(value).decode()


def _units(price: str) -> str:
    """A price as it is written, in the smallest units; empty when it is none."""
    whole, _, part = price.strip().partition(".")
    if not (whole + part).isdecimal() or not (whole + part).isascii() or len(part) > 18:
        return ""
    return str(int(whole or "0") * UNITS + int(part.ljust(18, "0") or "0"))


ROUTES = [mint_from_library, ask_from_library, resales_page, resale_page, withdraw_from_page]
