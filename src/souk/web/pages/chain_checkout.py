"""Buying with a wallet on a chain: asking for an offer, paying it, and what becomes of it."""

from datetime import timedelta
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from souk.commerce.chain_sales.api import ChainNetwork, ChainQuote
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import PageRequest, Posted, ProblemWords, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.chain_sales import ChainSale, ChainSaleHint, ChainSaleRequest

CHAIN_NAMES: Final = {
    "local": "the local chain",
    "ethereum": "Ethereum",
    "polygon": "Polygon",
    "bnb": "BNB Chain",
    "avalanche": "Avalanche",
    "arbitrum": "Arbitrum",
}
SLIPPAGE_PERCENT: Final = 1
"""How much more than was shown a buyer pays at most, when the rate moves in between."""
STATES: Final = {
    "pending": ("info", "Waiting for the payment", "history"),
    "expired": ("neutral", "Offer expired", "circle-alert"),
    "confirmed": ("success", "Paid", "circle-check"),
    "final": ("success", "Paid, final", "circle-check"),
    "undone": ("warning", "Undone by the chain", "rotate-ccw"),
    "refunded": ("warning", "Refunded", "rotate-ccw"),
    "credited": ("info", "Paid twice, credited", "wallet"),
    "disputed": ("error", "Looked at by people", "circle-alert"),
}


def chain_name(name: str) -> str:
    """The chain as people call it."""
    return CHAIN_NAMES.get(name, name)


def quote_choices(quotes: list[ChainQuote]) -> list[tuple[str, str]]:
    """The choices of the form: what is paid and where, and how it reads."""
    return [
        (
            f"{quote.chain} {quote.currency} {quote.price_minor}",
            f"{amount_words(quote.price_units)} {quote.currency} on {chain_name(quote.chain)}",
        )
        for quote in quotes
    ]


def chain_rates(quotes: list[ChainQuote]) -> list[str]:
    """By which rates the choices were priced, each once."""
    told = (
        f"{quote.rate} {quote.currency} ({quote.rate_as_of.isoformat()}, {quote.rate_source})"
        for quote in quotes
        if quote.rate is not None and quote.rate_as_of is not None
    )
    return list(dict.fromkeys(told))


def amount_words(price_units: str) -> str:
    """An amount of 18 decimals as a number, without the zeros at its end."""
    whole, part = divmod(int(price_units), 10**18)
    digits = f"{part:018d}".rstrip("0")
    return f"{whole:,}.{digits}" if digits else f"{whole:,}"


@post("/checkout/{listing_id:str}/chain", opt={"idempotency": "required"})
async def ask_for_offer(
    listing_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Asks for an offer that this wallet can pay; then its page shows how."""
    actor.require_user()
    fields = await posted(request)
    wish, problem = _wish(listing_id, fields)
    if wish is None:
        return _refused(pages, shell, listing_id, problem, status=422)
    try:
        sale = await market.chain_sales.open(uow, actor, wish)
    except SoukError as error:
        words = ProblemWords(title=error.title, detail=error.detail)
        return _refused(pages, shell, listing_id, words, status=error.status)
    return see_other(f"/chain-purchases/{sale.id}")


@get("/chain-purchases/{sale_id:str}")
async def chain_purchase(
    sale_id: str, uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """An offer and what has become of it: pending, confirmed, final, or undone."""
    sale = await market.chain_sales.get(uow, actor, sale_id)
    network = await market.chain_sales.network(uow, sale)
    return _shown(pages, shell, sale, network)


@post("/chain-purchases/{sale_id:str}/hint")
async def chain_hint(
    sale_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Takes what the wallet says it sent; the chain is looked at for it."""
    fields = await posted(request)
    sale = await market.chain_sales.get(uow, actor, sale_id)
    hint, errors = read(ChainSaleHint, {"transaction_hash": fields.get("transaction_hash")})
    if hint is None:
        network = await market.chain_sales.network(uow, sale)
        return _shown(pages, shell, sale, network, errors=errors, status=422)
    digest = hint.transaction_hash
    await market.chain_sales.hint(uow, actor, sale_id, transaction_hash=digest)
    return see_other(f"/chain-purchases/{sale_id}")


def _shown(
    pages: Pages,
    shell: Shell,
    sale: ChainSale,
    network: ChainNetwork | None,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    tone, words, mark = STATES[sale.state]
    return pages.answer(
        "pages/chain_purchase.html",
        shell,
        status=status,
        sale=sale,
        network=network,
        chain_name=chain_name(sale.chain),
        amount=amount_words(sale.price_units),
        tone=tone,
        state_words=words,
        mark=mark,
        window=timedelta(seconds=sale.refund_window_s),
        wallet_chain=_wallet_chain(network),
        pay=_call(sale.pay),
        refund=_call(sale.refund),
        errors=errors or {},
    )


def _wallet_chain(network: ChainNetwork | None) -> str:
    """The chain as `web/src/wallet.ts` takes it, as JSON."""
    if network is None:
        return ""
    value = {
        "id": network.chain_id,
        "name": f"Souk's {chain_name(network.name)}"
        if network.name == "local"
        else chain_name(network.name),
        "coin": {"name": network.coin, "symbol": network.coin, "decimals": 18},
        "rpcUrls": list(network.rpc_urls),
    }
    return msgspec.json.encode(value).decode()


def _call(call: msgspec.Struct | None) -> str:
    return "" if call is None else msgspec.json.encode(call).decode()


def _refused(
    pages: Pages, shell: Shell, listing_id: str, problem: ProblemWords, *, status: int
) -> Response[str]:
    return pages.answer(
        "pages/chain_refused.html", shell, status=status, listing_id=listing_id, problem=problem
    )


def _wish(
    listing_id: str, fields: Posted
) -> tuple[ChainSaleRequest, ProblemWords] | tuple[None, ProblemWords]:
    chain, currency, shown = (*fields.get("pay_with").split(), "", "", "")[:3]
    most = (
        int(shown) * (100 + SLIPPAGE_PERCENT) // 100 if shown.isascii() and shown.isdigit() else 0
    )
    expected = fields.get("price")
    values: dict[str, Any] = {
        "listing_id": listing_id,
        "offer_id": fields.get("offer"),
        "chain": chain,
        "currency": currency,
        "wallet": fields.get("wallet"),
        "organisation_id": fields.get("organisation_id"),
        "affiliate": fields.get("affiliate"),
        "promotion_code": fields.get("code"),
        "expected_price_minor": expected,
        "expected_currency": fields.get("currency"),
        "max_price_minor": max(most, 1) if shown else "",
    }
    wish, errors = read(ChainSaleRequest, values)
    if wish is not None:
        return wish, ProblemWords(title="", detail="")
    if "wallet" in errors:
        detail = "A wallet's address begins with 0x and has 40 digits or letters a to f after it."
    elif "chain" in errors or "currency" in errors:
        detail = "Choose what you pay with."
    else:
        detail = "This form is out of date. Go back to the checkout and try again."
    return None, ProblemWords(title="Nothing was signed or paid", detail=detail)


ROUTES = [ask_for_offer, chain_purchase, chain_hint]
