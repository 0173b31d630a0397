"""Checks filters that were chosen beside the box, as the query's own are checked when read."""

import math
from decimal import Decimal
from typing import Final

import msgspec

from souk.discovery.search.model import Between, Filters
from souk.discovery.search.query.fields import WORD_FIELDS
from souk.discovery.search.query.gathering import FIGURE_FILTERS
from souk.kernel.errors import Invalid
from souk.kernel.money import currency

MAX_VALUES: Final = 20
MAX_LENGTH: Final = 120
_LARGEST: Final = 2**53


def checked(filters: Filters) -> Filters:
    """The filters with the currency by its present name.

    Raises:
        Invalid: `filter_invalid`, `price_range_invalid`, `currency_unknown`.
    """
    for field in WORD_FIELDS.values():
        _check_words(field.name, getattr(filters, field.filter), field.choices)
    if len(filters.without) > MAX_VALUES:
        raise Invalid("filter_invalid", f"At most {MAX_VALUES} values may be left out.")
    for name, value in filters.without:
        if name not in WORD_FIELDS:
            raise Invalid("filter_invalid", f"There is no field {name!r} to leave a value out of.")
        _check_words(name, (value,), WORD_FIELDS[name].choices)
    for name, attribute in FIGURE_FILTERS.items():
        _check_bounds(name, getattr(filters, attribute))
    low, high = filters.price_min_minor, filters.price_max_minor
    if low is not None and high is not None and low > high:
        raise Invalid(
            "price_range_invalid", f"price_min_minor {low} is above price_max_minor {high}."
        )
    _check_bounds("price", Between(low, high))
    if filters.currency is None:
        return filters
    return msgspec.structs.replace(filters, currency=currency(filters.currency).code)


def _check_words(name: str, values: tuple[str, ...], choices: tuple[str, ...]) -> None:
    if len(values) > MAX_VALUES:
        raise Invalid("filter_invalid", f"{name} takes at most {MAX_VALUES} values.")
    for value in values:
        if not value.strip() or len(value) > MAX_LENGTH:
            raise Invalid(
                "filter_invalid", f"A value of {name} must have 1 to {MAX_LENGTH} characters."
            )
        if choices and value not in choices:
            raise Invalid(
                "filter_invalid",
                f"There is no {name} {value[:40]!r}; it is one of {', '.join(choices)}.",
            )


def _check_bounds(name: str, bounds: Between | None) -> None:
    if bounds is None:
        return
    low, high = bounds.low, bounds.high
    if low is not None and high is not None and low > high:
        raise Invalid("filter_invalid", f"The lower end of {name} is above the upper one.")
    for end in (low, high):
        if end is not None and not 0 <= end <= _LARGEST:
            raise Invalid("filter_invalid", f"An end of {name} lies out of range.")


def scaled(name: str, low: float | None, high: float | None, scale: int) -> Between | None:
    """A range in the index's whole numbers; None when neither end is set.

    Raises:
        Invalid: `filter_invalid` when an end is no finite number.
    """
    if low is None and high is None:
        return None
    for end in (low, high):
        if end is not None and not math.isfinite(end):
            raise Invalid("filter_invalid", f"{name} must be a finite number.")
    return Between(
        None if low is None else math.ceil(Decimal(str(low)) * scale),
        None if high is None else math.floor(Decimal(str(high)) * scale),
    )
