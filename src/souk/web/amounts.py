"""Amounts as people type them."""

from decimal import Decimal, InvalidOperation

from souk.kernel.money import MAX_AMOUNT_MINOR, currency


class AmountUnreadable(ValueError):
    """The message says what is wrong, for the form."""


def read_amount(text: str, code: str) -> int:
    """`19`, `19.00` or `1,900.50` as minor units of the currency.

    Raises:
        AmountUnreadable: it is no amount, has too many decimals, or is past the limit.
    """
    kind = currency(code)
    try:
        value = Decimal(text.replace(",", "").replace(" ", "").removeprefix(kind.symbol))
        if not value.is_finite():
            raise AmountUnreadable("Give an amount, such as 19.00.")
    except InvalidOperation as error:
        raise AmountUnreadable("Give an amount, such as 19.00.") from error
    if value < 0:
        raise AmountUnreadable("Give an amount that is not negative.")
    minor = value.scaleb(kind.digits)
    if minor != minor.to_integral_value():
        raise AmountUnreadable(f"{code} has at most {kind.digits} decimals.")
    if minor > MAX_AMOUNT_MINOR:
        raise AmountUnreadable("That is more than one payment may be.")
    return int(minor)
