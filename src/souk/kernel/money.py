"""Money: an integer of minor units with a currency, and splits that sum to the whole.

Crypto currencies are kept in coarser minor units than their chains use (ETH in gwei), so that every
amount fits a signed 64-bit column with room to sum.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from souk.kernel.errors import Invalid


class Currency(msgspec.Struct, frozen=True):
    """A currency and how many decimal digits its minor unit has."""

    code: str
    digits: int
    symbol: str


CURRENCIES: Final = {
    currency.code: currency
    for currency in (
        Currency(code="USD", digits=2, symbol="$"),
        Currency(code="EUR", digits=2, symbol="€"),
        Currency(code="ETH", digits=9, symbol="Ξ"),
        Currency(code="POL", digits=9, symbol="POL"),
        Currency(code="BNB", digits=9, symbol="BNB"),
        Currency(code="AVAX", digits=9, symbol="AVAX"),
        Currency(code="GENX", digits=6, symbol="GENX"),
        Currency(code="FTNS", digits=6, symbol="FTNS"),
    )
}
ALIASES: Final = {"MATIC": "POL"}
"""Old names that are accepted and stored under the new one."""

MAX_AMOUNT_MINOR: Final = 10**15
"""The largest single amount; sums of nine thousand of them still fit 64 bits."""

BASIS_POINTS: Final = 10_000


def currency(code: str) -> Currency:
    """The currency of this code, or of its old name.

    Raises:
        Invalid: `currency_unknown`.
    """
    known = CURRENCIES.get(ALIASES.get(code, code))
    if known is None:
        raise Invalid(
            "currency_unknown",
            f"{code!r} is not a currency here; use one of {', '.join(CURRENCIES)}.",
        )
    return known


class Money(msgspec.Struct, frozen=True, order=False):
    """An amount of minor units (cents for USD) in one currency; may be negative in a posting."""

    amount_minor: int
    currency: str

    def __str__(self) -> str:
        return format_money(self)


def check_amount(amount_minor: int, *, allow_zero: bool = False) -> int:
    """The same amount, when it may be paid or charged.

    Raises:
        Invalid: `amount_invalid` when negative, zero (unless allowed) or past MAX_AMOUNT_MINOR.
    """
    least = 0 if allow_zero else 1
    if not least <= amount_minor <= MAX_AMOUNT_MINOR:
        raise Invalid(
            "amount_invalid",
            f"The amount is {amount_minor} minor units; it must be from {least} "
            f"to {MAX_AMOUNT_MINOR}.",
        )
    return amount_minor


def split(amount_minor: int, shares_bp: Sequence[int]) -> list[int]:
    """Divides an amount by basis points with the largest-remainder method.

    The parts sum to `amount_minor` exactly; left-over units go to the largest remainders, the
    earlier share first among equals. Shares must sum to 10,000 basis points.

    Raises:
        Invalid: `split_invalid` when the shares do not sum to 100 % or one is negative.
    """
    if sum(shares_bp) != BASIS_POINTS or any(share < 0 for share in shares_bp):
        raise Invalid(
            "split_invalid",
            f"The shares sum to {sum(shares_bp)} basis points; they must be positive and sum to "
            f"{BASIS_POINTS}.",
        )
    parts = [amount_minor * share // BASIS_POINTS for share in shares_bp]
    by_remainder = sorted(
        range(len(parts)), key=lambda index: -(amount_minor * shares_bp[index] % BASIS_POINTS)
    )
    for index in by_remainder[: amount_minor - sum(parts)]:
        parts[index] += 1
    return parts


def format_money(money: Money) -> str:
    """For people: `$1,234.50`, `€0.99`, `0.25 ETH`."""
    kind = currency(money.currency)
    sign = "-" if money.amount_minor < 0 else ""
    whole, part = divmod(abs(money.amount_minor), 10**kind.digits)
    digits = f"{part:0{kind.digits}d}"
    if kind.digits > 2:
        digits = digits.rstrip("0").ljust(2, "0")
        return f"{sign}{whole:,}.{digits} {kind.code}"
    return f"{sign}{kind.symbol}{whole:,}.{digits}"
