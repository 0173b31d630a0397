"""A price in what a chain pays with, by dated rates."""

from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from souk.commerce.chain_sales.errors import rate_missing
from souk.commerce.chain_sales.model import price_in, units_of
from souk.kernel.money import CURRENCIES, MAX_AMOUNT_MINOR, currency
from souk.rights.chain_index.api import SaleChain, Token
from souk.treasury.rates.api import RateTable
from souk_client.contracts.chain_sales import ChainQuote


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """What is paid, and by which rate."""

    quote: ChainQuote
    token: Token


def priced(
    table: RateTable, chain: SaleChain, token: Token, *, price_minor: int, code: str
) -> Priced:
    """A price in a token, rounded up.

    Raises:
        Conflict: `chain_rate_missing`.
    """
    found = _converted(table, token, price_minor=price_minor, code=code)
    if found is None:
        raise rate_missing(code, token.symbol)
    amount_minor, rate, way = found
    digits = CURRENCIES[token.symbol].digits
    units = units_of(amount_minor, digits=digits, decimals=token.decimals)
    quote = ChainQuote(
        chain=chain.name,
        chain_id=chain.chain_id,
        currency=token.symbol,
        price_minor=amount_minor,
        price_units=str(units),
        rate=rate,
        rate_as_of=way.as_of if way else None,
        rate_source=way.source if way else None,
    )
    return Priced(quote=quote, token=token)


def all_quotes(
    table: RateTable, chains: Sequence[SaleChain], *, price_minor: int, code: str
) -> Iterator[ChainQuote]:
    """The price on every chain, in everything to which a fresh rate leads."""
    for chain in chains:
        for token in payable(chain):
            if _converted(table, token, price_minor=price_minor, code=code) is not None:
                yield priced(table, chain, token, price_minor=price_minor, code=code).quote


def payable(chain: SaleChain) -> list[Token]:
    """What the books have a currency for, and can write down exactly."""
    return [
        token
        for token in chain.tokens
        if token.symbol in CURRENCIES and token.decimals >= CURRENCIES[token.symbol].digits
    ]


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rate comes from."""

    as_of: date
    source: str


def _converted(
    table: RateTable, token: Token, *, price_minor: int, code: str
) -> tuple[int, str | None, Rate | None] | None:
    """Minor units, the rate in digits and its origin; None without a rate that is fresh."""
    origin, target = currency(code), currency(token.symbol)
    if origin.code == target.code:
        return price_minor, None, None
    way = table.way(origin.code, target.code)
    if way is None or table.is_stale(way.as_of):
        return None
    amount_minor = price_in(price_minor, way.exact, digits=origin.digits, to_digits=target.digits)
    if amount_minor > MAX_AMOUNT_MINOR:
        return None
    digits = f"{way.rate:f}"
    return (
        amount_minor,
        digits.rstrip("0").rstrip(".") if "." in digits else digits,
        Rate(as_of=way.as_of, source=way.source),
    )
