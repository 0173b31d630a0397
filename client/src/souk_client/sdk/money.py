"""Amounts as people write them. Money on the wire is an integer of minor units."""

from decimal import Decimal, InvalidOperation
from typing import Final

DIGITS: Final = {
    **{"USD": 2, "EUR": 2, "GENX": 6, "FTNS": 6},
    **dict.fromkeys(("ETH", "POL", "BNB", "AVAX"), 9),
}
"""Decimal digits of each currency's minor unit."""
_SYMBOLS: Final = {"USD": "$", "EUR": "€"}


def parse_amount(text: str, currency: str) -> int:
    """Minor units of an amount such as `9.99`, exactly.

    Raises:
        ValueError: no amount, a negative one, an unknown currency or too many decimals.
    """
    digits = DIGITS.get(currency)
    if digits is None:
        raise ValueError(f"{currency!r} is not a currency here; use one of {', '.join(DIGITS)}.")
    try:
        minor = Decimal(text.strip()).scaleb(digits)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not an amount such as 9.99.") from error
    if not minor.is_finite() or minor < 0:
        raise ValueError(f"{text!r} is not an amount such as 9.99.")
    if minor != minor.to_integral_value():
        raise ValueError(f"{currency} has {digits} decimals; {text} has more.")
    return int(minor)


def format_amount(amount_minor: int, currency: str) -> str:
    """For people: `$1,234.50`, `0.25 ETH`; `free` is said elsewhere."""
    digits = DIGITS.get(currency, 2)
    sign = "-" if amount_minor < 0 else ""
    whole, part = divmod(abs(amount_minor), 10**digits)
    decimals = f"{part:0{digits}d}"
    if digits > 2:
        decimals = decimals.rstrip("0").ljust(2, "0")
    symbol = _SYMBOLS.get(currency)
    if symbol is not None:
        return f"{sign}{symbol}{whole:,}.{decimals}"
    return f"{sign}{whole:,}.{decimals} {currency}"
