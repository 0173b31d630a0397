"""Currencies that prices can be shown in: those of the marketplace, and those the ECB quotes."""

from typing import Final

import msgspec

from souk.kernel.errors import Invalid
from souk.kernel.money import ALIASES, CURRENCIES


class Shown(msgspec.Struct, frozen=True):
    """A currency as amounts in it are written."""

    code: str
    digits: int
    """Digits behind the point in an amount (ISO 4217)."""
    symbol: str = ""
    """In front of the amount; the code stands behind it when empty."""


_ECB: Final = (
    *(Shown("GBP", 2, "£"), Shown("CHF", 2), Shown("JPY", 0, "¥"), Shown("CNY", 2, "CN¥")),
    *(Shown("AUD", 2, "A$"), Shown("CAD", 2, "CA$"), Shown("NZD", 2, "NZ$")),
    *(Shown("HKD", 2, "HK$"), Shown("SGD", 2, "S$"), Shown("INR", 2, "₹"), Shown("BRL", 2, "R$")),
    *(Shown("KRW", 0, "₩"), Shown("MXN", 2, "MX$"), Shown("ILS", 2, "₪"), Shown("ZAR", 2)),
    *(Shown(code, 2) for code in "BGN CZK DKK HUF IDR MYR NOK PHP PLN RON SEK THB TRY".split()),
    Shown("ISK", 0),
)
SHOWN: Final = {
    **{one.code: Shown(one.code, one.digits, one.symbol) for one in CURRENCIES.values()},
    **{one.code: one for one in _ECB},
}
"""By code."""


def shown_currency(code: str) -> Shown:
    """The currency of this code, or of its old name.

    Raises:
        Invalid: `currency_unknown`.
    """
    known = SHOWN.get(ALIASES.get(code, code))
    if known is None:
        raise Invalid(
            "currency_unknown",
            f"{code!r} is no currency that prices can be shown in; use one of {', '.join(SHOWN)}.",
        )
    return known


def format_amount(amount_minor: int, code: str) -> str:
    """For people: `€18.40`, `¥2,930`, `199.00 SEK`."""
    kind = shown_currency(code)
    sign = "-" if amount_minor < 0 else ""
    whole, part = divmod(abs(amount_minor), 10**kind.digits)
    digits = f"{part:0{kind.digits}d}" if kind.digits else ""
    if kind.digits > 2:
        digits = digits.rstrip("0").ljust(2, "0")
    number = f"{whole:,}.{digits}" if digits else f"{whole:,}"
    if not kind.symbol or kind.symbol == kind.code or kind.digits > 2:
        return f"{sign}{number} {kind.code}"
    return f"{sign}{kind.symbol}{number}"
